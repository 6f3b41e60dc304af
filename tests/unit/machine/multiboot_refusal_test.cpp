// Bad kernels, modules and command lines: one clear line, the documented exit code, and memory as it was.
#include "core/machine/multiboot.hpp"
#include "tests/catch.hpp"
#include "tests/unit/machine/kernel_images.hpp"
#include "tests/unit/machine/test_memory.hpp"

#include <random>

using namespace ringside;
using namespace ringside::test;

namespace {

// Loads what must be refused and returns the error, having checked what holds for every refusal.
Error refusal(const Bytes& kernel, std::string_view command_line = "", const std::vector<ModuleBytes>& modules = {},
    uint64_t mebibytes = 4)
{
    auto memory = memory_of(mebibytes);
    const auto result = load_multiboot(memory, kernel, "bad.elf", command_line, modules);
    REQUIRE_FALSE(result);
    const auto& error = result.error();
    INFO(error.message);
    CHECK(error.message.find('\n') == std::string::npos);
    CHECK(error.hint.find('\n') == std::string::npos);
    CHECK(is_all(memory.bytes(Gpa { 0 }, 0xA0000), 0));
    CHECK(is_all(memory.bytes(Gpa { 0xC0000 }, memory.size() - 0xC0000), 0));
    return error;
}

void check_bad(const Bytes& kernel, std::string_view what, std::string_view hint = "")
{
    const auto error = refusal(kernel);
    INFO(error.message << " / " << error.hint);
    CHECK(error.code == ExitCode::BadImage);
    CHECK(error.message.starts_with("bad.elf: "));
    CHECK(error.message.find(what) != std::string::npos);
    CHECK(error.hint.find(hint) != std::string::npos);
}

template <typename T>
Bytes spoiled(const TestElf& elf, size_t offset, T value)
{
    auto bytes = elf.build();
    patch(bytes, offset, value);
    return bytes;
}

TestElf elf_at(uint32_t address, uint32_t size = 64, uint32_t bss = 0)
{
    TestElf elf;
    elf.entry = address;
    elf.segments = { { address, address, filled(size, 0x90), bss } };
    return elf;
}

} // namespace

TEST_CASE("files without a Multiboot header are refused with the reason")
{
    check_bad({}, "is empty");
    check_bad(filled(3, 0), "has no Multiboot header", "0x1badb002");
    check_bad(filled(100'000, 0), "has no Multiboot header", "0x1badb002");

    TestElf elf;
    elf.header.clear();
    check_bad(elf.build(), "has no Multiboot header");
    check_bad(spoiled(elf, EI_CLASS, uint8_t { ELFCLASS64 }), "64-bit ELF");
}

TEST_CASE("a Multiboot2 header alone is refused by name")
{
    TestElf elf;
    elf.header.clear();
    elf.segments[0].content = filled(64, 0);
    auto bytes = elf.build();
    bytes.resize(128);
    patch<uint32_t>(bytes, 96, 0xE85250D6);
    CHECK_FALSE(is_multiboot(bytes));
    check_bad(bytes, "Multiboot2 header only", "Multiboot 1");
}

TEST_CASE("a header that is late, unaligned or has a wrong checksum is none")
{
    const auto header = multiboot_header(0);
    auto bytes = filled(20'000, 0);
    SECTION("late")
    {
        std::ranges::copy(header, bytes.begin() + 8192 - 8);
        check_bad(bytes, "Multiboot header at byte 8184, beyond the first 8192");
    }
    SECTION("unaligned")
    {
        std::ranges::copy(header, bytes.begin() + 102);
        check_bad(bytes, "has no Multiboot header");
    }
    SECTION("wrong checksum")
    {
        std::ranges::copy(header, bytes.begin() + 100);
        patch<uint32_t>(bytes, 108, 1);
        check_bad(bytes, "wrong checksum", "modulo");
    }
    CHECK_FALSE(is_multiboot(bytes));
}

TEST_CASE("each mandatory flag that is not understood is refused")
{
    for (unsigned bit = 3; bit < 16; ++bit) {
        TestElf elf;
        elf.header = multiboot_header(1u << bit);
        check_bad(elf.build(), "flags 0x");
    }
}

TEST_CASE("ELF files that are no 32-bit i386 executables are refused with what they are")
{
    const TestElf elf;
    check_bad(spoiled(elf, EI_CLASS, uint8_t { ELFCLASS64 }), "64-bit ELF file", "-m32");
    check_bad(spoiled(elf, EI_CLASS, uint8_t { 9 }), "unknown ELF class");
    check_bad(spoiled(elf, EI_DATA, uint8_t { ELFDATA2MSB }), "big-endian");
    check_bad(spoiled(elf, offsetof(Elf32_Ehdr, e_machine), uint16_t { EM_ARM }), "machine 40");
    check_bad(spoiled(elf, offsetof(Elf32_Ehdr, e_type), uint16_t { ET_REL }), "object file", "link");
    check_bad(spoiled(elf, offsetof(Elf32_Ehdr, e_type), uint16_t { ET_DYN }), "position-independent", "-no-pie");
    check_bad(spoiled(elf, offsetof(Elf32_Ehdr, e_type), uint16_t { ET_CORE }), "type 4");
    check_bad(spoiled(elf, offsetof(Elf32_Ehdr, e_phnum), uint16_t { 0 }), "no program headers");
    check_bad(spoiled(elf, offsetof(Elf32_Ehdr, e_phentsize), uint16_t { 31 }), "31 bytes");
    check_bad(spoiled(elf, elf.program_header(0) + offsetof(Elf32_Phdr, p_type), uint32_t { PT_NOTE }), "no segment");
    check_bad(multiboot_header(0), "not an ELF file", "bit 16");
}

TEST_CASE("truncated ELF files are refused wherever they end")
{
    const auto whole = TestElf {}.build();
    for (size_t size = 0; size < whole.size(); ++size) {
        const auto error = refusal({ whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size) }, "", {}, 2);
        CHECK(error.code == ExitCode::BadImage);
    }
    check_bad({ whole.begin(), whole.end() - 1 }, "is truncated: segment at 0x100000");

    auto short_elf = filled(40, 0);
    std::memcpy(short_elf.data(), ELFMAG, SELFMAG);
    patch<uint8_t>(short_elf, EI_CLASS, ELFCLASS32);
    const auto header = multiboot_header(0);
    std::ranges::copy(header, short_elf.begin() + 20);
    check_bad(short_elf, "do not hold an ELF header");
    check_bad(spoiled(TestElf {}, offsetof(Elf32_Ehdr, e_phoff), UINT32_MAX), "program header 1 of 1");
    check_bad(spoiled(TestElf {}, offsetof(Elf32_Ehdr, e_phnum), uint16_t { 0xFFFF }), "is truncated");
}

TEST_CASE("segments whose numbers do not add up are refused")
{
    const TestElf elf;
    const auto field = [&](size_t offset) { return elf.program_header(0) + offset; };
    check_bad(spoiled(elf, field(offsetof(Elf32_Phdr, p_memsz)), uint32_t { 63 }), "larger in the file (64 bytes)");
    check_bad(spoiled(elf, field(offsetof(Elf32_Phdr, p_memsz)), uint32_t { 0 }), "larger in the file");
    check_bad(spoiled(elf, field(offsetof(Elf32_Phdr, p_memsz)), UINT32_MAX), "past 4 GiB");
    check_bad(spoiled(elf, field(offsetof(Elf32_Phdr, p_paddr)), UINT32_MAX), "past 4 GiB");
    check_bad(spoiled(elf, field(offsetof(Elf32_Phdr, p_offset)), UINT32_MAX), "is truncated");
}

TEST_CASE("a kernel outside of memory is told how much memory it needs")
{
    check_bad(elf_at(0x700000).build(), "has 4 MiB", "--memory 8");
    check_bad(elf_at(0x3FFFE0).build(), "needs memory up to 0x40001f (5 MiB)", "--memory 5");
    check_bad(elf_at(0x100000, 64, 0x1000000).build(), "(18 MiB)", "--memory 18");
    check_bad(elf_at(0xF0000000).build(), "has 4 MiB", "3584 MiB at most");
}

TEST_CASE("segments over the firmware's areas and the video hole are refused")
{
    check_bad(elf_at(0x400).build(), "0x400-0x4ff");
    check_bad(elf_at(0, 64, 0x1000).build(), "0x400-0x4ff", "0x100000");
    check_bad(elf_at(0x9FBE0).build(), "0x9fc00-0x9ffff");
    check_bad(elf_at(0xA0000).build(), "video memory");
    check_bad(elf_at(0x90000, 64, 0x20000).build(), "video memory");
    check_bad(elf_at(0xB8000).build(), "0xb8000-0xbffff");
    check_bad(elf_at(0xF7FFF).build(), "0xf0000-0xf7fff");
}

TEST_CASE("overlapping segments are refused, touching ones are not")
{
    TestElf elf;
    elf.segments = { { 0x101000, 0x101000, filled(64, 0x90) }, { 0x100000, 0x100000, filled(64, 0x90), 0xFC1 } };
    check_bad(elf.build(), "segments 0x100000-0x101000 and 0x101000-0x10103f overlap");

    elf.segments[1].bss -= 1;
    auto memory = memory_of(4);
    CHECK(load_multiboot(memory, elf.build(), "good.elf", "", {}));
}

TEST_CASE("an entry outside of what is loaded is refused")
{
    TestElf elf;
    for (const uint32_t entry : { 0u, 0xFFFFFu, 0x100040u, 0xFFFFFFFFu }) {
        elf.entry = entry;
        check_bad(elf.build(), "entry point 0x");
    }
    check_bad(TestFlat { .entry = 0x100100 }.build(), "entry point 0x100100");
}

TEST_CASE("address fields that contradict the file or each other are refused")
{
    check_bad(TestFlat { .load_end = 0x100101 }.build(), "wants 257 bytes loaded, it has 256");
    check_bad(TestFlat { .load_end = 0x100000 }.build(), "out of order");
    check_bad(TestFlat { .load_end = 0xFFFFF }.build(), "out of order");
    check_bad(TestFlat { .load_end = 0x100100, .bss_end = 0x1000FF }.build(), "out of order");
    check_bad(TestFlat { .load_address = 0xFFFFFF80, .entry = 0xFFFFFF80 }.build(), "past 4 GiB");
    check_bad(TestFlat { .bss_end = 0xFFFFFFFF }.build(), "has 4 MiB", "at most");

    auto before_the_file = TestFlat {}.build();
    patch<uint32_t>(before_the_file, 16 + 16, 0x100000 - 4);
    check_bad(before_the_file, "begin before the file");
    auto above_the_header = TestFlat {}.build();
    patch<uint32_t>(above_the_header, 16 + 16, 0x100011);
    check_bad(above_the_header, "begin before the file");

    auto cut = TestFlat {}.build();
    cut.resize(16 + 31);
    check_bad(cut, "address fields of its Multiboot header are missing");
}

TEST_CASE("a module that has no room is refused by name with the memory it would take")
{
    const auto big = filled(2 * mebibyte, 0x77);
    const auto error = refusal(TestElf {}.build(), "", { { "first.mod", "", big }, { "second.mod", "", big } });
    CHECK(error.code == ExitCode::BadImage);
    CHECK(error.message.starts_with("second.mod: does not fit"));
    CHECK(error.hint.find("--memory 6") != std::string::npos);

    auto memory = memory_of(6);
    const std::vector<ModuleBytes> both { { "first.mod", "", big }, { "second.mod", "", big } };
    CHECK(load_multiboot(memory, TestElf {}.build(), "kernel", "", both));
}

TEST_CASE("even an empty module needs a page of its own")
{
    const auto error = refusal(elf_at(0x100000, 64, mebibyte - 64).build(), "", { { "m", "", {} } }, 2);
    CHECK(error.message.starts_with("m: does not fit"));
    CHECK(error.hint.find("--memory 3") != std::string::npos);
}

TEST_CASE("a command line over the documented limit is a usage error")
{
    const std::string too_long(longest_command_line - std::string_view { "bad.elf " }.size() + 1, 'x');
    const auto kernel = TestElf {}.build();
    auto error = refusal(kernel, too_long);
    CHECK(error.code == ExitCode::Usage);
    CHECK(error.message.find("65536 bytes is too long") != std::string::npos);
    CHECK(refusal(kernel, std::string(mebibyte, 'x')).code == ExitCode::Usage);
    CHECK(refusal(kernel, "", { { "m", too_long + "xxxxxx", {} } }).code == ExitCode::Usage);
    CHECK(refusal(kernel, std::string_view { "a\0b", 3 }).message.find("zero byte") != std::string::npos);
}

TEST_CASE("command lines that together do not fit anywhere are refused")
{
    // The kernel fills conventional memory, and 1 MiB of extended memory cannot hold 15 MB of strings.
    const std::string line(60'000, 'x');
    const std::vector<ModuleBytes> modules(250, { "m", line, {} });
    const auto error = refusal(elf_at(0x10000, 64, 0x8F000).build(), line, modules, 2);
    CHECK(error.code == ExitCode::BadImage);
    CHECK(error.message.find("command lines and the module list") != std::string::npos);
}

TEST_CASE("names with line breaks stay on one line of a message")
{
    auto memory = memory_of(4);
    const auto error = load_multiboot(memory, {}, "a\nb\x1B[31m", "", {}).error();
    CHECK(error.message == "a?b?[31m: is empty");
    CHECK(load_multiboot(memory, {}, std::string(5000, 'n'), "", {}).error().message.size() < 300);
}

TEST_CASE("images with random damage load or are refused, and change nothing when refused")
{
    std::mt19937 random { 20241122 };
    TestElf elf;
    elf.symbols = { { "start", 0x100000 }, { "end", 0x100040 } };
    elf.segments.push_back({ 0xC0101000, 0x101000, filled(16, 0x91), 100 });
    const std::vector<Bytes> originals { elf.build(), TestFlat { .load_end = 0x100080, .bss_end = 0x102000 }.build() };
    unsigned refused = 0, accepted = 0;
    auto memory = memory_of(2);
    for (unsigned i = 0; i < 4000; ++i) {
        auto bytes = originals[i % 2];
        for (auto changes = 1 + random() % 3; changes > 0; --changes)
            bytes[random() % bytes.size()] = static_cast<std::byte>(random());
        if (random() % 8 == 0)
            bytes.resize(random() % bytes.size());
        if (load_multiboot(memory, bytes, "k", "c", {})) {
            ++accepted;
            memory = memory_of(2);
            continue;
        }
        ++refused;
        REQUIRE(is_all(memory.bytes(Gpa { 0x100000 }, 0x4000), 0));
        REQUIRE(is_all(memory.bytes(Gpa { 0x10000 }, 0x1000), 0));
    }
    CHECK(refused > 500);
    CHECK(accepted > 500);
}
