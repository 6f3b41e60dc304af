#include "core/x86/audit.hpp"

#include "core/machine/kernel_code.hpp"
#include "tests/catch.hpp"
#include "tests/unit/machine/kernel_images.hpp"

#include <map>
#include <string>

using namespace ringside;
using namespace ringside::test;

namespace {

Bytes code(std::initializer_list<uint8_t> values)
{
    Bytes bytes;
    for (auto value : values)
        bytes.push_back(std::byte { value });
    return bytes;
}

Audit audit_of(const Bytes& bytes, std::vector<Symbol> symbols = {})
{
    const CodeRange range { "", 0x1000, bytes };
    return audit_code({ &range, 1 }, SymbolTable { std::move(symbols) });
}

// Name -> the places of sensitive instructions.
std::map<std::string, std::vector<uint32_t>> places(const Audit& audit)
{
    std::map<std::string, std::vector<uint32_t>> found;
    for (const auto& kind : audit.sensitive) {
        for (const auto& site : kind.sites)
            found[std::string(kind.line->name)].push_back(site.address);
    }
    return found;
}

using Places = std::map<std::string, std::vector<uint32_t>>;

}

TEST_CASE("an audit finds what is sensitive and counts what is privileged", "[x86][audit]")
{
    auto bytes = code({
        0x9C,                               // 1000 pushf
        0x66, 0x9D,                         // 1001 popf, 16 bits
        0x8C, 0xC8,                         // 1003 mov eax, cs
        0x0F, 0x01, 0x00,                   // 1005 sgdt [eax]
        0xCD, 0x80,                         // 1008 int 80h
        0x1F,                               // 100A pop ds
        0xEA, 0, 0, 0, 0, 0x08, 0,          // 100B jmp far
        0xFA, 0xF4,                         // 1012 cli, hlt
        0x0F, 0x20, 0xC0, 0x0F, 0x22, 0xD8, // 1014 mov eax, cr0; mov cr3, eax
        0xEC,                               // 101A in al, dx
        0x89, 0xD8, 0xE8, 0, 0, 0, 0, 0xC3, // 101B mov, call, ret: ordinary
    });
    auto audit = audit_of(bytes);
    CHECK(places(audit)
        == Places { { "PUSHF", { 0x1000 } }, { "POPF", { 0x1001 } }, { "MOV Sreg", { 0x1003 } }, { "SGDT", { 0x1005 } },
            { "INT n", { 0x1008 } }, { "POP Sreg", { 0x100A } }, { "JMP far", { 0x100B } } });
    std::map<std::string, uint64_t> privileged;
    for (const auto& kind : audit.privileged)
        privileged[std::string(kind.line->name)] = kind.count;
    CHECK(privileged == std::map<std::string, uint64_t> { { "CLI", 1 }, { "HLT", 1 }, { "MOV CRn", 2 }, { "IN", 1 } });
    CHECK(audit.instructions == 15);
    CHECK(audit.strays == 0);
    CHECK(audit.sensitive_count() == 7);
}

TEST_CASE("an audit begins anew at a symbol, whatever stands before it", "[x86][audit]")
{
    auto bytes = code({
        0xC3,       // 1000 ret
        0xB8, 0x9C, // 1001 data, which reads as MOV EAX with the four bytes behind it
        0x9C,       // 1003 next: pushf
        0x9C, 0x9C, 0xC3,
    });
    CHECK(places(audit_of(bytes, { { "next", 0x1003, 0 } })) == Places { { "PUSHF", { 0x1002, 0x1003, 0x1004, 0x1005 } } });
    CHECK(places(audit_of(bytes)).empty()); // without the symbol they are the data's
}

TEST_CASE("padding is no instruction, a breakpoint is one", "[x86][audit]")
{
    auto bytes = code({
        0xCC, 0xC3,             // 1000 int3; ret
        0xCC, 0xCC,             // 1002 padding
        0xE8, 0, 0, 0, 0,       // 1004 function: call, which may not return
        0xCC, 0xCC, 0xCC,       // 1009 padding
        0xE8, 0, 0, 0, 0, 0xCC, // 100C last: call; int3
        0x90,                   // 1012 nop
    });
    auto audit = audit_of(bytes, { { "function", 0x1004, 0 }, { "last", 0x100C, 0 } });
    CHECK(places(audit) == Places { { "INT3", { 0x1000, 0x1011 } } });
    CHECK(audit.padding == 5);
}

TEST_CASE("bytes that are no instruction are counted, and the next one is tried", "[x86][audit]")
{
    auto audit = audit_of(code({ 0x0F, 0x04, 0x00, 0x9C, 0x0F })); // 0F 04 is nothing, 04 00 is ADD AL
    CHECK(places(audit) == Places { { "PUSHF", { 0x1003 } } });
    CHECK(audit.strays == 2);
}

TEST_CASE("an audit of nothing but sensitive instructions keeps a bounded list", "[x86][audit]")
{
    auto audit = audit_of(filled(Audit::most_sites + 10, 0x9C));
    CHECK(audit.sensitive_count() == Audit::most_sites + 10);
    CHECK(audit.sensitive.at(0).sites.size() == Audit::most_sites);
}

TEST_CASE("code is what the sections say, else the segments, else all that is loaded", "[machine][audit]")
{
    TestElf elf;
    elf.segments = { { 0xC0100000, 0x100000, filled(64, 0x90), 0, PF_R | PF_X }, { 0xC0200000, 0x200000, filled(32, 0x9C), 0, PF_R } };
    auto file = elf.build();
    auto ranges = code_ranges(file, "kernel");
    REQUIRE(ranges);
    REQUIRE(ranges->size() == 1);
    CHECK(ranges->at(0).address == 0xC0100000);
    CHECK(ranges->at(0).bytes.size() == 64);

    // A flat image: header at its beginning, loaded at 1 MiB.
    auto flat = multiboot_header(1 << 16, { 0x100000, 0x100000, 0, 0, 0x100020 });
    flat.resize(flat.size() + 8, std::byte { 0x9C });
    ranges = code_ranges(flat, "flat");
    REQUIRE(ranges);
    REQUIRE(ranges->size() == 1);
    CHECK(ranges->at(0).address == 0x100000);
    CHECK(ranges->at(0).bytes.size() == flat.size());

    CHECK(code_ranges(filled(100, 0x90), "nothing").error().code == ExitCode::BadImage);
    TestElf data;
    data.segments = { { 0x100000, 0x100000, filled(64, 0x90), 0, PF_R } };
    CHECK(code_ranges(data.build(), "data").error().message.find("no executable section") != std::string::npos);
    TestElf twice;
    twice.segments = { { 0x100000, 0x100000 }, { 0x100010, 0x200000 } };
    CHECK(code_ranges(twice.build(), "twice").error().message.find("overlaps") != std::string::npos);
}
