#include "core/x86/instruction_classes.hpp"

#include "tests/catch.hpp"
#include "tests/unit/x86/test_guest.hpp"

#include <set>
#include <vector>

using namespace ringside;
using namespace ringside::test;

namespace {

Instruction decoded(std::vector<uint8_t> bytes)
{
    TestGuest guest;
    Instruction instruction;
    bytes.resize(longest_instruction);
    REQUIRE(decode_bytes(guest.state, bytes, instruction));
    return instruction;
}

std::string_view name_of(std::vector<uint8_t> bytes)
{
    const auto* line = find_instruction_line(decoded(std::move(bytes)));
    return line ? line->name : "ordinary";
}

}

TEST_CASE("Every line of the table has a name, a sentence and a source, and lines of one mnemonic are neighbors",
    "[instruction-classes]")
{
    std::set<ZydisMnemonic> finished;
    ZydisMnemonic current = ZYDIS_MNEMONIC_INVALID;
    for (const auto& line : instruction_lines()) {
        CAPTURE(line.name);
        CHECK_FALSE(line.name.empty());
        CHECK(line.effect.ends_with('.'));
        CHECK(line.source.starts_with("SDM 2"));
        CHECK((line.list == SensitiveList::Unlisted || line.kind == InstructionClass::Sensitive));
        if (line.mnemonic != current) {
            finished.insert(current);
            CHECK_FALSE(finished.contains(line.mnemonic));
            current = line.mnemonic;
        }
    }
}

TEST_CASE("The list of Robin and Irvine is complete", "[instruction-classes]")
{
    std::set<std::string_view> names;
    for (const auto& line : instruction_lines()) {
        if (line.list == SensitiveList::RobinIrvine)
            names.insert(line.name);
    }
    CHECK(names
        == std::set<std::string_view> { "SGDT", "SIDT", "SLDT", "SMSW", "PUSHF", "POPF", "LAR", "LSL", "VERR", "VERW",
            "POP Sreg", "PUSH Sreg", "CALL far", "JMP far", "INT n", "RET far", "STR", "MOV Sreg" });
}

TEST_CASE("A mnemonic with harmless uses is told by its operands", "[instruction-classes]")
{
    CHECK(name_of({ 0x89, 0xC1 }) == "ordinary");        // mov ecx, eax
    CHECK(name_of({ 0x0F, 0x20, 0xC0 }) == "MOV CRn");   // mov eax, cr0
    CHECK(name_of({ 0x0F, 0x22, 0xE0 }) == "MOV CRn");   // mov cr4, eax
    CHECK(name_of({ 0x0F, 0x23, 0xF8 }) == "MOV DRn");   // mov dr7, eax
    CHECK(name_of({ 0x8E, 0xD8 }) == "MOV Sreg");        // mov ds, eax
    CHECK(name_of({ 0x8C, 0xC8 }) == "MOV Sreg");        // mov eax, cs
    CHECK(name_of({ 0x65, 0x8B, 0x00 }) == "ordinary");  // mov eax, gs:[eax]
    CHECK(name_of({ 0x50 }) == "ordinary");              // push eax
    CHECK(name_of({ 0x1E }) == "PUSH Sreg");             // push ds
    CHECK(name_of({ 0x0F, 0xA9 }) == "POP Sreg");        // pop gs
    CHECK(name_of({ 0xE8, 0, 0, 0, 0 }) == "ordinary");  // call near
    CHECK(name_of({ 0x9A }) == "CALL far");
    CHECK(name_of({ 0xFF, 0x28 }) == "JMP far");         // jmp far [eax]
    CHECK(name_of({ 0xFF, 0x20 }) == "ordinary");        // jmp [eax]
    CHECK(name_of({ 0xC3 }) == "ordinary");              // ret
    CHECK(name_of({ 0xCB }) == "RET far");
    CHECK(name_of({ 0x66, 0x9C }) == "PUSHF");
    CHECK(name_of({ 0x9D }) == "POPF");
    CHECK(name_of({ 0xCD, 0x80 }) == "INT n");
}

TEST_CASE("The class says whether a monitor gets to see the instruction", "[instruction-classes]")
{
    CHECK(instruction_class(decoded({ 0xF4 })) == InstructionClass::Privileged);             // hlt
    CHECK(instruction_class(decoded({ 0xFA })) == InstructionClass::IoPrivileged);           // cli
    CHECK(instruction_class(decoded({ 0xF3, 0x6D })) == InstructionClass::IoPrivileged);     // rep insd
    CHECK(instruction_class(decoded({ 0x0F, 0x01, 0x00 })) == InstructionClass::Sensitive);  // sgdt [eax]
    CHECK(instruction_class(decoded({ 0x0F, 0x01, 0x10 })) == InstructionClass::Privileged); // lgdt [eax]
    CHECK(instruction_class(decoded({ 0x01, 0xC8 })) == InstructionClass::Ordinary);         // add eax, ecx
}
