// Good kernels: which files load, at what addresses, with what entry.
#include "core/machine/multiboot.hpp"
#include "tests/catch.hpp"
#include "tests/unit/machine/boot_view.hpp"
#include "tests/unit/machine/kernel_images.hpp"
#include "tests/unit/machine/loaded_kernel.hpp"
#include "tests/unit/machine/test_memory.hpp"

using namespace ringside;
using namespace ringside::test;

TEST_CASE("an ELF kernel is loaded at its physical addresses and its BSS is zeroed")
{
    auto memory = memory_of(4);
    const auto dirt = memory.bytes(Gpa { 0x100000 }, 0x10000);
    std::ranges::fill(dirt, std::byte { 0xEE });
    TestElf elf;
    elf.entry = 0x100010;
    elf.segments = { { 0x100000, 0x100000, filled(100, 0x11), 0 }, { 0x102000, 0x102000, filled(50, 0x22), 5000 } };
    const auto kernel = loaded(memory, elf.build());

    CHECK(kernel.entry == 0x100010);
    CHECK(kernel.lowest == 0x100000);
    CHECK(kernel.highest == 0x102000 + 5050);
    CHECK(is_all(memory.bytes(Gpa { 0x100000 }, 100), 0x11));
    CHECK(is_all(memory.bytes(Gpa { 0x102000 }, 50), 0x22));
    CHECK(is_all(memory.bytes(Gpa { 0x102000 + 50 }, 5000), 0));
    CHECK(is_all(memory.bytes(Gpa { 0x102000 + 5050 }, 16), 0xEE));
}

TEST_CASE("a BSS of megabytes is zeroed to its exact ends")
{
    auto memory = memory_of(8);
    std::ranges::fill(memory.bytes(Gpa { 0x100000 }, 7 * mebibyte), std::byte { 0xEE });
    TestElf elf;
    elf.segments = { { 0x100000, 0x100000, filled(100, 0x11), 3 * mebibyte + 123 } };
    const auto kernel = loaded(memory, elf.build());

    const uint64_t end = 0x100000 + 100 + 3 * mebibyte + 123;
    CHECK(kernel.highest == end);
    CHECK(is_all(memory.bytes(Gpa { 0x100000 }, 100), 0x11));
    CHECK(is_all(memory.bytes(Gpa { 0x100064 }, end - 0x100064), 0));
    CHECK(is_all(memory.bytes(Gpa { end }, 4096), 0xEE));
}

TEST_CASE("every combination of the header's defined flags loads")
{
    for (uint32_t flags = 0; flags < 8; ++flags) {
        auto memory = memory_of(4);
        TestElf elf;
        // Bit 2 adds fields at offset 32 of the header (§3.1.4): graphics mode wanted, 1024 x 768 x 32.
        elf.header = multiboot_header(flags, { 0, 0, 0, 0, 0, 0, 1024, 768, 32 });
        const auto kernel = loaded(memory, elf.build());
        const BootView view { memory, kernel.information_address };
        CHECK(view.has(0));
        CHECK(view.has(6));
        CHECK_FALSE(view.has(11));
        CHECK_FALSE(view.has(12));
    }
}

TEST_CASE("optional header flags that nobody knows are ignored")
{
    auto memory = memory_of(4);
    TestElf elf;
    elf.header = multiboot_header(0xFFFE0000);
    CHECK(loaded(memory, elf.build()).entry == 0x100000);
}

TEST_CASE("a header in the last twelve of the first 8192 bytes is found")
{
    auto memory = memory_of(4);
    TestElf elf;
    elf.header.clear();
    elf.segments[0].content = filled(9000, 0x90);
    auto bytes = elf.build();
    const auto header = multiboot_header(0);
    std::ranges::copy(header, bytes.begin() + 8192 - 12);
    CHECK(is_multiboot(bytes));
    CHECK(loaded(memory, bytes).entry == 0x100000);
}

TEST_CASE("a higher-half kernel starts with a virtual entry and with a physical one")
{
    TestElf elf;
    elf.segments = { { 0xC0100000, 0x100000, filled(256, 0x90), 0 } };
    for (const uint32_t entry : { 0xC0100020u, 0x100020u }) {
        auto memory = memory_of(4);
        elf.entry = entry;
        const auto kernel = loaded(memory, elf.build());
        CHECK(kernel.entry == 0x100020);
        CHECK(kernel.lowest == 0x100000);
    }
}

TEST_CASE("an entry in an identity-mapped boot segment of a higher-half kernel stays")
{
    auto memory = memory_of(4);
    TestElf elf;
    elf.entry = 0x100004;
    elf.segments = { { 0x100000, 0x100000, filled(64, 0x90) }, { 0xC0101000, 0x101000, filled(64, 0x90) } };
    CHECK(loaded(memory, elf.build()).entry == 0x100004);
}

TEST_CASE("an entry in the virtual ranges of data and code is taken from the code")
{
    auto memory = memory_of(4);
    TestElf elf;
    elf.entry = 0x400010;
    elf.segments = { { 0x400000, 0x100000, filled(64, 0), 0, PF_R | PF_W },
        { 0x400000, 0x200000, filled(64, 0x90), 0, PF_R | PF_X } };
    CHECK(loaded(memory, elf.build()).entry == 0x200010);
}

TEST_CASE("segments may lie below 1 MiB where the firmware keeps nothing")
{
    auto memory = memory_of(4);
    TestElf elf;
    elf.entry = 0x7C00;
    // The last one is what `ld -Ttext=0x100000` makes: the ELF headers in the page below the text.
    elf.segments = { { 0x7C00, 0x7C00, filled(512, 0x90) }, { 0, 0, filled(0x400, 0x33) },
        { 0xFF000, 0xFF000, filled(0x1100, 0x44) } };
    const auto kernel = loaded(memory, elf.build());
    CHECK(kernel.lowest == 0);
    CHECK(kernel.highest == 0x100100);
    CHECK(is_all(memory.bytes(Gpa { 0xFF000 }, 0x1100), 0x44));
}

TEST_CASE("an a.out-kludge kernel is loaded by the header's address fields")
{
    auto memory = memory_of(4);
    std::ranges::fill(memory.bytes(Gpa { 0x100000 }, 0x3000), std::byte { 0xEE });

    SECTION("the whole rest of the file, without BSS")
    {
        TestFlat flat;
        flat.entry = 0x100030;
        const auto bytes = flat.build();
        const auto kernel = loaded(memory, bytes);
        CHECK(kernel.entry == 0x100030);
        CHECK(kernel.highest == 0x100100);
        CHECK(std::ranges::equal(memory.bytes(Gpa { 0x100000 }, 256), bytes));
        CHECK(is_all(memory.bytes(Gpa { 0x100100 }, 16), 0xEE));
    }
    SECTION("a part of the file, with BSS")
    {
        TestFlat flat;
        flat.load_end = 0x100080;
        flat.bss_end = 0x102000;
        const auto bytes = flat.build();
        CHECK(loaded(memory, bytes).highest == 0x102000);
        CHECK(std::ranges::equal(memory.bytes(Gpa { 0x100000 }, 128), std::span { bytes }.first(128)));
        CHECK(is_all(memory.bytes(Gpa { 0x100080 }, 0x1F80), 0));
        CHECK(is_all(memory.bytes(Gpa { 0x102000 }, 16), 0xEE));
    }
    SECTION("beginning in the middle of the file")
    {
        TestFlat flat;
        flat.header_offset = 64;
        auto bytes = flat.build();
        // load_addr = header_addr: nothing before the header is loaded.
        patch<uint32_t>(bytes, 64 + 16, 0x100040);
        patch<uint32_t>(bytes, 64 + 28, 0x100070);
        const auto kernel = loaded(memory, bytes);
        CHECK(kernel.lowest == 0x100040);
        CHECK(std::ranges::equal(memory.bytes(Gpa { 0x100040 }, 192), std::span { bytes }.subspan(64)));
    }
}

TEST_CASE("address fields win over an ELF header, of a 64-bit file too")
{
    auto memory = memory_of(4);
    TestElf elf;
    elf.header = multiboot_header(1 << 16, { 0x200000, 0x200000, 0, 0, 0x200004 });
    auto bytes = elf.build();
    patch<uint8_t>(bytes, EI_CLASS, ELFCLASS64);
    const auto kernel = loaded(memory, bytes);
    CHECK(kernel.entry == 0x200004);
    CHECK(kernel.lowest == 0x200000);
}
