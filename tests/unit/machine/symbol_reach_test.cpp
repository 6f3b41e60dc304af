// How far the symbols of a kernel reach.
#include "core/machine/elf_image.hpp"
#include "tests/catch.hpp"
#include "tests/unit/machine/kernel_images.hpp"

#include <algorithm>

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr uint32_t section_begin = 0x100000, section_size = 0x80;

// Symbols without a size, as labels in assembly are, in one section.
Bytes kernel_with_labels(std::vector<std::pair<std::string, uint32_t>> labels, uint16_t section)
{
    TestElf elf;
    elf.symbols = std::move(labels);
    auto bytes = elf.build();
    Elf32_Ehdr header;
    std::memcpy(&header, bytes.data(), sizeof header);
    Elf32_Shdr table;
    std::memcpy(&table, bytes.data() + header.e_shoff + sizeof(Elf32_Shdr), sizeof table);
    for (std::size_t i = 1; i <= elf.symbols.size(); ++i) {
        auto symbol = table.sh_offset + i * sizeof(Elf32_Sym);
        patch<uint32_t>(bytes, symbol + offsetof(Elf32_Sym, st_size), 0);
        patch<uint16_t>(bytes, symbol + offsetof(Elf32_Sym, st_shndx), section);
    }
    // The string table plays the section that they lie in.
    auto strings = header.e_shoff + 2 * sizeof(Elf32_Shdr);
    patch<uint32_t>(bytes, strings + offsetof(Elf32_Shdr, sh_addr), section_begin);
    patch<uint32_t>(bytes, strings + offsetof(Elf32_Shdr, sh_size), section_size);
    bytes.resize(std::max<std::size_t>(bytes.size(), header.e_shoff + 0x200));
    return bytes;
}

}

TEST_CASE("a label without a size reaches to the end of its section, and no farther")
{
    auto symbols = elf_symbols(kernel_with_labels(
        { { "boot_entry", section_begin }, { "last", section_begin + 0x70 }, { "end", section_begin + section_size } }, 2));
    REQUIRE(symbols.size() == 3);
    CHECK(symbols[0].size == section_size);
    CHECK(symbols[1].size == 0x10);
    CHECK(symbols[2].size == 1);
    SymbolTable table { symbols };
    CHECK(table.name_of(section_begin + 0x6F) == "boot_entry+0x6f");
    CHECK(table.name_of(section_begin + 0x7F) == "last+0xf");
    CHECK(table.name_of(section_begin + 0x81).empty());
    CHECK(table.name_of(0x400a4b).empty());
}

TEST_CASE("a label in a section that does not exist marks its own address only")
{
    auto section = GENERATE(uint16_t { 0x7000 }, uint16_t { SHN_ABS });
    auto symbols = elf_symbols(kernel_with_labels({ { "constant", section_begin } }, section));
    REQUIRE(symbols.size() == 1);
    CHECK(symbols[0].size == 1);
}
