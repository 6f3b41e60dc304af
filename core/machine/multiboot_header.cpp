#include "core/machine/multiboot_header.hpp"

#include "core/machine/elf_image.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace ringside {

namespace {

constexpr uint64_t header_search = 8192;

struct RawHeader {
    uint32_t magic, flags, checksum;
};

// Present if bit 16 of the flags is set (§3.1.3). Physical addresses.
struct AddressFields {
    uint32_t header_addr;   // of the header itself
    uint32_t load_addr;     // of the first byte loaded, at or below the header
    uint32_t load_end_addr; // past the last byte loaded; 0: the rest of the file
    uint32_t bss_end_addr;  // past the last byte zeroed; 0: there is no BSS
    uint32_t entry_addr;
};

bool is_good(const RawHeader& header)
{
    return header.magic == MultibootHeader::magic && header.magic + header.flags + header.checksum == 0;
}

// A header of 12 bytes of which `matches` holds, in the first `bytes` bytes and at a multiple of `alignment`.
template <typename Predicate>
std::optional<uint32_t> find_header(
    std::span<const std::byte> file, uint64_t bytes, uint32_t alignment, Predicate matches)
{
    const auto searched = file.first(std::min<uint64_t>(file.size(), bytes));
    for (uint32_t offset = 0; offset + sizeof(RawHeader) <= searched.size(); offset += alignment) {
        if (matches(*read_at<RawHeader>(searched, offset)))
            return offset;
    }
    return std::nullopt;
}

// Multiboot2 §3.1.1: magic, architecture, header length, checksum of the three, in the first 32768 bytes.
bool has_multiboot2_header(std::span<const std::byte> file)
{
    constexpr uint32_t multiboot2_magic = 0xE85250D6;
    return find_header(file, 32768, 8, [](const RawHeader& header) {
        return header.magic == multiboot2_magic;
    }).has_value();
}

Unexpected explain_missing_header(std::span<const std::byte> file, std::string_view name)
{
    constexpr uint64_t late_search = mebibyte;
    if (file.empty())
        return bad_image(name, "is empty");
    if (has_multiboot2_header(file))
        return bad_image(name, "has a Multiboot2 header only; ringside boots Multiboot 1",
            "add a Multiboot 1 header (magic 0x1badb002); a kernel may have both");
    if (const auto late = find_header(file, late_search, 4, is_good))
        return bad_image(name,
            fmt::format("has its Multiboot header at byte {}, beyond the first {}", *late, header_search),
            "let the linker script put the section with the header first");
    const auto has_magic = [](const RawHeader& header) { return header.magic == MultibootHeader::magic; };
    if (const auto bad = find_header(file, header_search, 4, has_magic))
        return bad_image(name, fmt::format("has a Multiboot header at byte {} with a wrong checksum", *bad),
            "magic + flags + checksum must be 0 modulo 2^32");
    return bad_image(name, fmt::format("has no Multiboot header{}", is_elf64(file) ? " (it is a 64-bit ELF file)" : ""),
        "a Multiboot kernel has 0x1badb002, flags and a checksum, 4-byte aligned, in its first 8192 bytes");
}

Result<KernelImage> parse_address_fields(
    std::span<const std::byte> file, std::string_view name, const MultibootHeader& header)
{
    const auto fields = read_at<AddressFields>(file, header.offset + sizeof(RawHeader));
    if (!fields)
        return bad_image(name, "is truncated: the address fields of its Multiboot header are missing");
    if (fields->load_addr > fields->header_addr || fields->header_addr - fields->load_addr > header.offset)
        return bad_image(name,
            fmt::format("has Multiboot address fields that begin before the file (load 0x{:x}, "
                        "header 0x{:x} at byte {})",
                fields->load_addr, fields->header_addr, header.offset));
    const auto rest = file.subspan(header.offset - (fields->header_addr - fields->load_addr));

    const uint64_t load_end = fields->load_end_addr ? fields->load_end_addr : fields->load_addr + rest.size();
    const uint64_t memory_end = fields->bss_end_addr ? fields->bss_end_addr : load_end;
    if (load_end <= fields->load_addr || memory_end < load_end)
        return bad_image(name,
            fmt::format("has Multiboot address fields out of order (load 0x{:x}, load end 0x{:x}, "
                        "BSS end 0x{:x})",
                fields->load_addr, load_end, memory_end));
    if (memory_end > UINT32_MAX)
        return bad_image(name, fmt::format("reaches past 4 GiB when loaded at 0x{:x}", fields->load_addr));
    const auto content = slice(rest, 0, load_end - fields->load_addr);
    if (!content)
        return bad_image(name,
            fmt::format("is truncated: its Multiboot header wants {} bytes loaded, it has {}",
                load_end - fields->load_addr, rest.size()));

    const auto size = static_cast<uint32_t>(memory_end - fields->load_addr);
    return KernelImage { { { fields->load_addr, fields->load_addr, size, *content } }, fields->entry_addr };
}

} // namespace

std::optional<MultibootHeader> find_multiboot_header(std::span<const std::byte> file)
{
    const auto offset = find_header(file, header_search, 4, is_good);
    if (!offset)
        return std::nullopt;
    return MultibootHeader { *offset, read_at<RawHeader>(file, *offset)->flags };
}

Result<KernelImage> parse_kernel(std::span<const std::byte> file, std::string_view name)
{
    const auto header = find_multiboot_header(file);
    if (!header)
        return explain_missing_header(file, name);
    constexpr uint32_t understood
        = MultibootHeader::page_align | MultibootHeader::memory_information | MultibootHeader::video_mode;
    if (const auto unknown = header->flags & MultibootHeader::must_understand & ~understood)
        return bad_image(name,
            fmt::format("asks in its Multiboot header for what no loader knows (flags 0x{:x})", unknown),
            "bits 3 to 15 of the flags are undefined in Multiboot 0.6.96");
    // The address fields win over whatever the file's own format says (§3.1.3), so a 64-bit ELF file may have them.
    if (header->flags & MultibootHeader::address_fields)
        return parse_address_fields(file, name, *header);
    if (!is_elf(file))
        return bad_image(name, "has a Multiboot header without address fields and is not an ELF file",
            "link it as ELF, or set bit 16 and fill in the address fields");
    return parse_elf(file, name);
}

} // namespace ringside
