#include "core/machine/elf_image.hpp"

#include <elf.h>
#include <fmt/format.h>

namespace ringside {

namespace {

Result<Elf32_Ehdr> checked_header(std::span<const std::byte> file, std::string_view name)
{
    if (is_elf64(file))
        return bad_image(name, "is a 64-bit ELF file; Multiboot kernels are 32-bit",
            "build it for 32 bits: -m32, or clang --target=i686-unknown-none-elf");
    const auto header = read_at<Elf32_Ehdr>(file, 0);
    if (!header)
        return bad_image(name, fmt::format("is truncated: {} bytes do not hold an ELF header", file.size()));
    if (header->e_ident[EI_CLASS] != ELFCLASS32)
        return bad_image(name, fmt::format("has an unknown ELF class {}", header->e_ident[EI_CLASS]));
    if (header->e_ident[EI_DATA] != ELFDATA2LSB)
        return bad_image(name, "is a big-endian ELF file; an i386 kernel is little-endian");
    if (header->e_machine != EM_386)
        return bad_image(
            name, fmt::format("is an ELF file for machine {}, not for the i386 ({})", header->e_machine, EM_386));
    if (header->e_type == ET_REL)
        return bad_image(name, "is an object file, not an executable", "link it: ld -m elf_i386 -T kernel.ld");
    if (header->e_type == ET_DYN)
        return bad_image(name, "is a shared object or position-independent executable, not a fixed one",
            "link it with -no-pie (and compile with -fno-pie)");
    if (header->e_type != ET_EXEC)
        return bad_image(name, fmt::format("is an ELF file of type {}, not an executable", header->e_type));
    if (header->e_phnum == 0)
        return bad_image(name, "has no program headers, so nothing can be loaded");
    if (header->e_phentsize != sizeof(Elf32_Phdr))
        return bad_image(name,
            fmt::format("has program headers of {} bytes instead of {}", header->e_phentsize, sizeof(Elf32_Phdr)));
    return *header;
}

Result<ImageSegment> parse_segment(std::span<const std::byte> file, std::string_view name, const Elf32_Phdr& header)
{
    if (header.p_filesz > header.p_memsz)
        return bad_image(name,
            fmt::format("segment at 0x{:x} is larger in the file ({} bytes) than in memory ({})", header.p_paddr,
                header.p_filesz, header.p_memsz));
    if (uint64_t { header.p_paddr } + header.p_memsz > UINT32_MAX)
        return bad_image(
            name, fmt::format("segment at 0x{:x} of {} bytes reaches past 4 GiB", header.p_paddr, header.p_memsz));
    const auto content = slice(file, header.p_offset, header.p_filesz);
    if (!content)
        return bad_image(name,
            fmt::format("is truncated: segment at 0x{:x} needs {} bytes of file, it has {}", header.p_paddr,
                uint64_t { header.p_offset } + header.p_filesz, file.size()));
    return ImageSegment { header.p_paddr, header.p_vaddr, header.p_memsz, *content, (header.p_flags & PF_X) != 0 };
}

uint32_t physical_entry(const KernelImage& image, uint32_t entry)
{
    for (const bool executable : { true, false }) {
        for (const auto& segment : image.segments) {
            const auto offset = entry - segment.virtual_address;
            if (segment.executable == executable && entry >= segment.virtual_address && offset < segment.memory_size)
                return segment.physical_address + offset;
        }
    }
    return entry;
}

} // namespace

bool is_elf(std::span<const std::byte> file)
{
    return file.size() >= SELFMAG && std::memcmp(file.data(), ELFMAG, SELFMAG) == 0;
}

bool is_elf64(std::span<const std::byte> file)
{
    return is_elf(file) && file.size() > EI_CLASS && file[EI_CLASS] == std::byte { ELFCLASS64 };
}

Result<KernelImage> parse_elf(std::span<const std::byte> file, std::string_view name)
{
    const auto header = checked_header(file, name);
    if (!header)
        return header.propagate();
    KernelImage image;
    for (uint32_t i = 0; i < header->e_phnum; ++i) {
        const auto program_header = read_at<Elf32_Phdr>(file, header->e_phoff + i * uint64_t { sizeof(Elf32_Phdr) });
        if (!program_header)
            return bad_image(
                name, fmt::format("is truncated: program header {} of {} is not in the file", i + 1, header->e_phnum));
        if (program_header->p_type != PT_LOAD || (program_header->p_memsz == 0 && program_header->p_filesz == 0))
            continue;
        const auto segment = parse_segment(file, name, *program_header);
        if (!segment)
            return segment.propagate();
        image.segments.push_back(*segment);
    }
    if (image.segments.empty())
        return bad_image(name, "has no segment to load");
    image.entry = physical_entry(image, header->e_entry);
    return image;
}

} // namespace ringside
