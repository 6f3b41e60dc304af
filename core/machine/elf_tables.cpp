// Section headers and symbols of ELF32 files. Nothing here can refuse a kernel: damaged tables count as absent.
#include "core/machine/elf_image.hpp"

#include "core/verify.hpp"

#include <algorithm>
#include <elf.h>

namespace ringside {

namespace {

// A hostile file can let every symbol name the same long string, so names are bounded one by one and together.
constexpr size_t most_symbols = 1 << 18;
constexpr size_t longest_name = 512;
constexpr size_t most_name_bytes = 16 << 20;

struct SectionTable {
    std::vector<Elf32_Shdr> headers;
    uint32_t names_index = 0;
};

SectionTable read_section_table(std::span<const std::byte> file)
{
    if (!is_elf(file) || is_elf64(file))
        return {};
    const auto header = read_at<Elf32_Ehdr>(file, 0);
    if (!header || header->e_ident[EI_DATA] != ELFDATA2LSB || header->e_shentsize != sizeof(Elf32_Shdr))
        return {};
    const auto bytes = slice(file, header->e_shoff, header->e_shnum * uint64_t { sizeof(Elf32_Shdr) });
    if (!bytes || bytes->empty())
        return {};
    SectionTable table { std::vector<Elf32_Shdr>(header->e_shnum), header->e_shstrndx };
    std::memcpy(table.headers.data(), bytes->data(), bytes->size());
    return table;
}

std::span<const std::byte> content(std::span<const std::byte> file, const Elf32_Shdr& header)
{
    if (header.sh_type == SHT_NOBITS)
        return {};
    return slice(file, header.sh_offset, header.sh_size).value_or(std::span<const std::byte> {});
}

std::string_view name_at(std::span<const std::byte> strings, uint32_t offset)
{
    if (offset >= strings.size())
        return {};
    const auto* begin = reinterpret_cast<const char*>(strings.data()) + offset;
    return { begin, strnlen(begin, std::min(longest_name, strings.size() - offset)) };
}

bool is_named_place(const Elf32_Sym& symbol)
{
    const auto type = ELF32_ST_TYPE(symbol.st_info);
    return symbol.st_shndx != SHN_UNDEF && (type == STT_NOTYPE || type == STT_OBJECT || type == STT_FUNC);
}

// A label in assembly has no size: it reaches as far as its section, so that it claims nothing that was loaded behind.
// What lies in no section, or at its end, marks its own address only.
uint32_t reach_of(const Elf32_Sym& symbol, std::span<const Elf32_Shdr> headers)
{
    if (symbol.st_size != 0)
        return symbol.st_size;
    if (symbol.st_shndx >= headers.size())
        return 1;
    const auto& section = headers[symbol.st_shndx];
    const uint32_t offset = symbol.st_value - section.sh_addr;
    return offset < section.sh_size ? section.sh_size - offset : 1;
}

void add_symbols(std::vector<Symbol>& symbols, std::span<const Elf32_Shdr> headers, std::span<const std::byte> table,
    std::span<const std::byte> strings)
{
    size_t name_bytes = 0;
    for (uint64_t offset = 0; symbols.size() < most_symbols && name_bytes < most_name_bytes;
         offset += sizeof(Elf32_Sym)) {
        const auto symbol = read_at<Elf32_Sym>(table, offset);
        if (!symbol)
            return;
        const auto name = is_named_place(*symbol) ? name_at(strings, symbol->st_name) : std::string_view {};
        if (name.empty())
            continue;
        name_bytes += name.size();
        symbols.push_back({ std::string { name }, symbol->st_value, reach_of(*symbol, headers) });
    }
}

// The tables that a kernel cannot find in its own segments, and looks for to print symbols.
bool must_be_copied(const Elf32_Shdr& header)
{
    return (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_STRTAB) && !(header.sh_flags & SHF_ALLOC);
}

} // namespace

std::vector<Symbol> elf_symbols(std::span<const std::byte> file)
{
    const auto headers = read_section_table(file).headers;
    const auto table = std::ranges::find(headers, uint32_t { SHT_SYMTAB }, &Elf32_Shdr::sh_type);
    if (table == headers.end() || table->sh_link >= headers.size())
        return {};
    std::vector<Symbol> symbols;
    add_symbols(symbols, headers, content(file, *table), content(file, headers[table->sh_link]));
    std::ranges::stable_sort(symbols, {}, &Symbol::address);
    return symbols;
}

std::vector<CodeRange> elf_code_sections(std::span<const std::byte> file)
{
    const auto [headers, names_index] = read_section_table(file);
    const auto names = names_index < headers.size() ? content(file, headers[names_index]) : std::span<const std::byte> {};
    std::vector<CodeRange> ranges;
    size_t total = 0;
    for (const auto& header : headers) {
        const auto bytes = content(file, header);
        if (header.sh_type != SHT_PROGBITS || !(header.sh_flags & SHF_EXECINSTR) || bytes.empty())
            continue;
        total += bytes.size();
        if (total > file.size() || uint64_t { header.sh_addr } + bytes.size() > uint64_t { UINT32_MAX } + 1)
            return {};
        ranges.push_back({ std::string { name_at(names, header.sh_name) }, header.sh_addr, bytes });
    }
    return ranges;
}

ElfSections elf_sections(std::span<const std::byte> file)
{
    auto [headers, names_index] = read_section_table(file);
    ElfSections sections { static_cast<uint32_t>(headers.size()), sizeof(Elf32_Shdr), names_index, {}, {} };
    sections.block.resize(headers.size() * sizeof(Elf32_Shdr));
    const auto largest_block = sections.block.size() + file.size();
    for (uint32_t i = 0; i < headers.size(); ++i) {
        const auto bytes = must_be_copied(headers[i]) ? content(file, headers[i]) : std::span<const std::byte> {};
        if (bytes.empty())
            continue;
        sections.block.resize((sections.block.size() + 15) / 16 * 16);
        // Sections that together are longer than the file overlap in it: no linker writes that.
        if (sections.block.size() + bytes.size() > largest_block)
            return {};
        headers[i].sh_addr = static_cast<uint32_t>(sections.block.size());
        sections.block.insert(sections.block.end(), bytes.begin(), bytes.end());
        sections.copied.push_back(i);
    }
    std::ranges::copy(std::as_bytes(std::span { headers }), sections.block.begin());
    return sections;
}

std::vector<std::byte> sections_at(ElfSections sections, uint32_t address)
{
    for (const auto index : sections.copied) {
        const auto offset = index * sizeof(Elf32_Shdr) + offsetof(Elf32_Shdr, sh_addr);
        auto value = read_at<uint32_t>(sections.block, offset);
        VERIFY(value);
        *value += address;
        std::memcpy(sections.block.data() + offset, &*value, sizeof(*value));
    }
    return std::move(sections.block);
}

} // namespace ringside
