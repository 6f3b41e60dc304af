// Kernel images made in code, valid ones and ones to be spoiled, for the loader's unit tests and its fuzz target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <elf.h>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace ringside::test {

using Bytes = std::vector<std::byte>;

template <typename T>
void append(Bytes& bytes, const T& value)
{
    static_assert(std::is_trivially_copyable_v<T>);
    const auto* begin = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), begin, begin + sizeof(T));
}

template <typename T>
void patch(Bytes& bytes, size_t offset, const T& value)
{
    std::memcpy(bytes.data() + offset, &value, sizeof(T));
}

inline Bytes filled(size_t size, uint8_t value)
{
    return Bytes(size, std::byte { value });
}

inline Bytes multiboot_header(uint32_t flags, const std::vector<uint32_t>& address_fields = {})
{
    Bytes bytes;
    append<uint32_t>(bytes, 0x1BADB002);
    append(bytes, flags);
    append(bytes, uint32_t { 0 } - 0x1BADB002 - flags);
    for (const auto field : address_fields)
        append(bytes, field);
    return bytes;
}

struct TestSegment {
    uint32_t virtual_address = 0x100000;
    uint32_t physical_address = 0x100000;
    Bytes content = filled(64, 0x90);
    uint32_t bss = 0;
    uint32_t flags = PF_R | PF_W | PF_X;
};

// Layout of the file: ELF header, program headers, Multiboot header, contents in order, then symbols if there are any
// (.symtab, .strtab and .shstrtab in that order behind the null section, and the section headers).
struct TestElf {
    uint32_t entry = 0x100000;
    std::vector<TestSegment> segments { TestSegment {} };
    Bytes header = multiboot_header(0);
    std::vector<std::pair<std::string, uint32_t>> symbols = {};

    size_t program_header(size_t index) const { return sizeof(Elf32_Ehdr) + index * sizeof(Elf32_Phdr); }
    size_t multiboot_offset() const { return program_header(segments.size()); }
    Bytes build() const;

private:
    void append_sections(Bytes&) const;
};

inline Bytes TestElf::build() const
{
    Elf32_Ehdr elf {};
    std::memcpy(elf.e_ident, ELFMAG, SELFMAG);
    elf.e_ident[EI_CLASS] = ELFCLASS32;
    elf.e_ident[EI_DATA] = ELFDATA2LSB;
    elf.e_ident[EI_VERSION] = EV_CURRENT;
    elf.e_type = ET_EXEC;
    elf.e_machine = EM_386;
    elf.e_version = EV_CURRENT;
    elf.e_entry = entry;
    elf.e_phoff = sizeof(Elf32_Ehdr);
    elf.e_ehsize = sizeof(Elf32_Ehdr);
    elf.e_phentsize = sizeof(Elf32_Phdr);
    elf.e_phnum = static_cast<uint16_t>(segments.size());

    Bytes bytes;
    append(bytes, elf);
    auto offset = static_cast<uint32_t>(multiboot_offset() + header.size());
    for (const auto& segment : segments) {
        const auto size = static_cast<uint32_t>(segment.content.size());
        append(bytes,
            Elf32_Phdr { PT_LOAD, offset, segment.virtual_address, segment.physical_address, size, size + segment.bss,
                segment.flags, 4 });
        offset += size;
    }
    bytes.insert(bytes.end(), header.begin(), header.end());
    for (const auto& segment : segments)
        bytes.insert(bytes.end(), segment.content.begin(), segment.content.end());
    if (!symbols.empty())
        append_sections(bytes);
    return bytes;
}

inline void TestElf::append_sections(Bytes& bytes) const
{
    std::string strings(1, '\0');
    const std::string names { "\0.symtab\0.strtab\0.shstrtab\0", 27 };
    const auto symbols_offset = static_cast<uint32_t>(bytes.size());
    append(bytes, Elf32_Sym {});
    for (const auto& [name, address] : symbols) {
        append(bytes,
            Elf32_Sym {
                static_cast<Elf32_Word>(strings.size()), address, 16, ELF32_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1 });
        strings += name;
        strings.push_back('\0');
    }
    const auto strings_offset = static_cast<uint32_t>(bytes.size());
    for (const auto character : strings + names)
        append(bytes, character);
    const auto names_offset = strings_offset + static_cast<uint32_t>(strings.size());

    patch(bytes, offsetof(Elf32_Ehdr, e_shoff), static_cast<uint32_t>(bytes.size()));
    patch<uint16_t>(bytes, offsetof(Elf32_Ehdr, e_shentsize), sizeof(Elf32_Shdr));
    patch<uint16_t>(bytes, offsetof(Elf32_Ehdr, e_shnum), 4);
    patch<uint16_t>(bytes, offsetof(Elf32_Ehdr, e_shstrndx), 3);
    append(bytes, Elf32_Shdr {});
    append(bytes,
        Elf32_Shdr {
            1, SHT_SYMTAB, 0, 0, symbols_offset, strings_offset - symbols_offset, 2, 1, 4, sizeof(Elf32_Sym) });
    append(bytes, Elf32_Shdr { 9, SHT_STRTAB, 0, 0, strings_offset, names_offset - strings_offset, 0, 0, 1, 0 });
    append(bytes, Elf32_Shdr { 17, SHT_STRTAB, 0, 0, names_offset, static_cast<uint32_t>(names.size()), 0, 0, 1, 0 });
}

// A flat image whose Multiboot header, at byte `header_offset`, carries the address fields.
struct TestFlat {
    uint32_t load_address = 0x100000;
    uint32_t header_offset = 16;
    uint32_t load_end = 0; // absolute, as in the header
    uint32_t bss_end = 0;
    uint32_t entry = 0x100000;
    size_t size = 256;

    Bytes build() const
    {
        auto bytes = filled(header_offset, 0x90);
        const auto header
            = multiboot_header(1 << 16, { load_address + header_offset, load_address, load_end, bss_end, entry });
        bytes.insert(bytes.end(), header.begin(), header.end());
        bytes.resize(size, std::byte { 0xCC });
        return bytes;
    }
};

} // namespace ringside::test
