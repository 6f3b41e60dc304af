// What a Multiboot kernel finds: the information, its modules, its symbols; and where the loader puts them.
#include "core/machine/multiboot.hpp"
#include "tests/catch.hpp"
#include "tests/unit/machine/boot_view.hpp"
#include "tests/unit/machine/kernel_images.hpp"
#include "tests/unit/machine/loaded_kernel.hpp"
#include "tests/unit/machine/test_memory.hpp"

#include <set>

using namespace ringside;
using namespace ringside::test;

TEST_CASE("the information holds memory sizes, memory map and names, whatever the header asks for")
{
    auto memory = memory_of(16);
    const auto kernel = loaded(memory, TestElf {}.build(), "console=serial verbose");
    const BootView view { memory, kernel.information_address };

    CHECK(view.field(0) == ((1u << 0) | (1u << 2) | (1u << 3) | (1u << 6) | (1u << 9)));
    CHECK(view.field(4) == 639);
    CHECK(view.field(8) == 15 * 1024);
    CHECK(view.field(12) == 0);
    CHECK(view.command_line() == "kernel console=serial verbose");
    CHECK(view.boot_loader_name() == "ringside");
    CHECK(view.field(20) == 0);
    CHECK(view.modules().empty());
}

TEST_CASE("the memory map is ascending, covers exactly the RAM from 1 MiB on, and calls only RAM usable")
{
    for (const uint64_t size : { 2ull, 16ull, 3584ull }) {
        auto memory = memory_of(size);
        const auto kernel = loaded(memory, TestElf {}.build());
        const auto map = BootView { memory, kernel.information_address }.memory_map();
        REQUIRE(map.size() == 4);
        uint64_t end = 0;
        for (const auto& entry : map) {
            CHECK(entry.base >= end);
            end = entry.base + entry.size;
            CHECK((entry.type == 1 || entry.type == 2));
            CHECK((entry.type != 1 || memory.contains(Gpa { entry.base }, entry.size)));
        }
        CHECK(map[0].base == 0);
        CHECK(map[0].size == 0x9FC00);
        CHECK((map[1].base == 0x9FC00 && map[1].type == 2));
        CHECK((map[2].base == 0xF0000 && map[2].size == 0x10000 && map[2].type == 2));
        CHECK((map[3].base == 0x100000 && map[3].type == 1));
        CHECK(map[3].base + map[3].size == memory.size());
    }
}

TEST_CASE("the command line begins with the kernel's name and a space, as under QEMU")
{
    auto memory = memory_of(4);
    const auto kernel = loaded(memory, TestElf {}.build(), "");
    CHECK(BootView { memory, kernel.information_address }.command_line() == "kernel ");
}

TEST_CASE("the longest command line that is documented arrives whole")
{
    auto memory = memory_of(4);
    const std::string line(longest_command_line - std::string_view { "kernel " }.size(), 'x');
    const auto kernel = loaded(memory, TestElf {}.build(), line);
    CHECK(BootView { memory, kernel.information_address }.command_line() == "kernel " + line);
}

TEST_CASE("modules are page-aligned above the kernel, in order, with their bytes and command lines")
{
    auto memory = memory_of(8);
    const auto first = filled(5000, 0xA1);
    const auto second = filled(1, 0xA2);
    const Bytes third;
    TestElf elf;
    elf.segments[0].bss = 0x5000;
    const auto kernel = loaded(
        memory, elf.build(), "", { { "init.elf", "", first }, { "data", "a b", second }, { "empty", "", third } });
    const auto modules = BootView { memory, kernel.information_address }.modules();
    REQUIRE(modules.size() == 3);
    CHECK(modules[0].command_line == "init.elf");
    CHECK(modules[1].command_line == "data a b");
    CHECK(modules[0].begin == 0x106000);
    CHECK(modules[0].end == 0x106000 + 5000);
    CHECK(modules[1].begin == 0x108000);
    CHECK(modules[1].end == 0x108001);
    CHECK(modules[2].begin == modules[2].end);
    CHECK(is_all(memory.bytes(Gpa { modules[0].begin }, 5000), 0xA1));
    CHECK(is_all(memory.bytes(Gpa { modules[1].begin }, 1), 0xA2));
}

TEST_CASE("the information lies in conventional memory, which a kernel's own allocations leave alone")
{
    auto memory = memory_of(4);
    const auto kernel = loaded(memory, TestElf {}.build());
    CHECK(kernel.information_address == 0x10000);
}

TEST_CASE("the information moves above a kernel that fills conventional memory")
{
    auto memory = memory_of(4);
    TestElf elf;
    elf.entry = 0x1000;
    elf.segments = { { 0x1000, 0x1000, filled(64, 0x90), 0x9E000 } };
    const auto kernel = loaded(memory, elf.build(), "hello");
    CHECK(kernel.information_address >= 0x100000);
    CHECK(BootView { memory, kernel.information_address }.command_line() == "kernel hello");
}

TEST_CASE("a module that has no room above the kernel goes below it")
{
    auto memory = memory_of(4);
    TestElf elf;
    elf.entry = 0x3FF000;
    elf.segments = { { 0x3FF000, 0x3FF000, filled(64, 0x90) } };
    const auto module = filled(10000, 0x5A);
    const auto kernel = loaded(memory, elf.build(), "", { { "m", "", module } });
    const auto modules = BootView { memory, kernel.information_address }.modules();
    REQUIRE(modules.size() == 1);
    CHECK(modules[0].begin == 0x100000);
    CHECK(is_all(memory.bytes(Gpa { 0x100000 }, 10000), 0x5A));
}

TEST_CASE("hundreds of modules never overlap each other, the kernel or the information")
{
    auto memory = memory_of(8);
    std::vector<Bytes> contents;
    for (unsigned i = 0; i < 300; ++i)
        contents.push_back(filled(1 + i * 37, static_cast<uint8_t>(i)));
    std::vector<ModuleBytes> requests;
    for (const auto& content : contents)
        requests.push_back({ "module", "with a command line", content });
    TestElf elf;
    elf.segments = { { 0x100000, 0x100000, filled(64, 0x90) }, { 0x280000, 0x280000, filled(64, 0x91), 0x10000 } };
    const auto kernel = loaded(memory, elf.build(), "", requests);

    const auto modules = BootView { memory, kernel.information_address }.modules();
    REQUIRE(modules.size() == 300);
    std::set<uint32_t> pages { kernel.information_address / page_size };
    for (unsigned i = 0; i < 300; ++i) {
        REQUIRE(modules[i].end - modules[i].begin == contents[i].size());
        CHECK(std::ranges::equal(memory.bytes(Gpa { modules[i].begin }, contents[i].size()), contents[i]));
        CHECK(modules[i].begin >= kernel.highest);
        for (auto page = modules[i].begin / page_size; page <= (modules[i].end - 1) / page_size; ++page)
            CHECK(pages.insert(page).second);
    }
    CHECK(is_all(memory.bytes(Gpa { 0x100000 }, 64), 0x90));
    CHECK(is_all(memory.bytes(Gpa { 0x280000 }, 64), 0x91));
    CHECK(is_all(memory.bytes(Gpa { 0x280040 }, 0x10000), 0));
}

TEST_CASE("a kernel with symbols: the monitor gets them by address, the kernel finds them through the section headers")
{
    auto memory = memory_of(4);
    TestElf elf;
    elf.symbols = { { "second", 0x100020 }, { "first", 0x100000 } };
    const auto kernel = loaded(memory, elf.build());

    REQUIRE(kernel.symbols.size() == 2);
    CHECK(kernel.symbols[0].name == "first");
    CHECK(kernel.symbols[0].address == 0x100000);
    CHECK(kernel.symbols[0].size == 16);
    CHECK(kernel.symbols[1].name == "second");

    const BootView view { memory, kernel.information_address };
    REQUIRE(view.has(5));
    CHECK(view.field(28) == 4);
    CHECK(view.field(32) == sizeof(Elf32_Shdr));
    CHECK(view.field(40) == 3);
    const auto header = [&](uint32_t index) {
        return memory.read<Elf32_Shdr>(Gpa { view.field(36) + index * view.field(32) }).value();
    };
    CHECK(view.text(header(3).sh_addr + header(1).sh_name) == ".symtab");
    CHECK(header(1).sh_addr >= kernel.highest);
    const auto symbol = memory.read<Elf32_Sym>(Gpa { header(1).sh_addr + sizeof(Elf32_Sym) }).value();
    CHECK(symbol.st_value == 0x100020);
    CHECK(view.text(header(header(1).sh_link).sh_addr + symbol.st_name) == "second");
}

TEST_CASE("damaged section headers and symbols never keep a kernel from starting")
{
    TestElf elf;
    elf.symbols = { { "name", 0x100000 } };
    const auto good = elf.build();
    const auto table = read_at<uint32_t>(good, offsetof(Elf32_Ehdr, e_shoff)).value();
    const auto field = [&](size_t index, size_t offset) { return table + index * sizeof(Elf32_Shdr) + offset; };
    const auto try_with = [&](size_t offset, auto value) {
        auto memory = memory_of(4);
        auto bytes = good;
        patch(bytes, offset, value);
        return loaded(memory, bytes);
    };
    CHECK(try_with(offsetof(Elf32_Ehdr, e_shoff), UINT32_MAX).symbols.empty());
    CHECK(try_with(offsetof(Elf32_Ehdr, e_shnum), uint16_t { 0xFFFF }).symbols.empty());
    CHECK(try_with(offsetof(Elf32_Ehdr, e_shentsize), uint16_t { 1 }).symbols.empty());
    CHECK(try_with(field(1, offsetof(Elf32_Shdr, sh_link)), UINT32_MAX).symbols.empty());
    CHECK(try_with(field(1, offsetof(Elf32_Shdr, sh_offset)), UINT32_MAX).symbols.empty());
    CHECK(try_with(field(1, offsetof(Elf32_Shdr, sh_size)), UINT32_MAX).symbols.empty());
    CHECK(try_with(field(2, offsetof(Elf32_Shdr, sh_size)), uint32_t { 0 }).symbols.empty());
    // String tables that lack their last zero byte: the name ends with the table.
    CHECK(try_with(field(2, offsetof(Elf32_Shdr, sh_size)), uint32_t { 3 }).symbols.at(0).name == "na");
}

TEST_CASE("symbol tables that have no room are left out")
{
    auto memory = memory_of(2);
    TestElf elf;
    elf.segments[0].bss = 0xFFFC0 - 4096;
    elf.symbols = { { std::string(8000, 'n'), 0x100000 } };
    const auto kernel = loaded(memory, elf.build());
    CHECK_FALSE(BootView { memory, kernel.information_address }.has(5));
    REQUIRE(kernel.symbols.size() == 1);
    CHECK(kernel.symbols[0].name.size() == 512);
}

TEST_CASE("symbols that all share one long name take bounded memory")
{
    TestElf elf;
    elf.symbols.assign(40'000, { "", 0x100000 });
    elf.symbols.front().first.assign(600, 'n');
    auto bytes = elf.build();
    const auto table = elf.multiboot_offset() + elf.header.size() + elf.segments[0].content.size();
    for (size_t i = 1; i <= elf.symbols.size(); ++i)
        patch<uint32_t>(bytes, table + i * sizeof(Elf32_Sym), 1);
    auto memory = memory_of(4);
    // Names are cut to 512 bytes, and there are 16 MiB for all.
    CHECK(loaded(memory, bytes).symbols.size() == 16 * mebibyte / 512);
}
