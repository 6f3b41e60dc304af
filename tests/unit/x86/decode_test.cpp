#include "core/x86/decode.hpp"

#include "core/x86/memory_accesses.hpp"
#include "core/x86/operands.hpp"
#include "tests/catch.hpp"
#include "tests/unit/x86/test_guest.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

struct Decoding : TestGuest {
    DecodeResult decode(std::initializer_list<uint8_t> bytes)
    {
        put_code(bytes);
        return decode_instruction(memory, state);
    }
    Instruction instruction(std::initializer_list<uint8_t> bytes)
    {
        auto result = decode(bytes);
        REQUIRE_FALSE(result.fault);
        return result.instruction;
    }
    struct Seen {
        SegmentRegister segment;
        uint32_t offset;
        uint32_t length;
        Access access;
        bool operator==(const Seen&) const = default;
    };
    std::vector<Seen> accesses(std::initializer_list<uint8_t> bytes)
    {
        std::vector<Seen> seen;
        for (const auto& access : memory_accesses(state, instruction(bytes)))
            seen.push_back({ access.where.segment, access.where.offset, access.where.length, access.access });
        return seen;
    }
};

using Seen = std::vector<Decoding::Seen>;
constexpr Access reads = Access::Read, writes = Access::Write;

}

TEST_CASE("The D flag of CS chooses 32-bit or 16-bit decoding", "[decode]")
{
    Decoding guest;
    auto wide = guest.instruction({ 0xB8, 0x78, 0x56, 0x34, 0x12 }); // mov eax, 0x12345678
    CHECK(wide.length() == 5);
    CHECK(wide.info.operand_width == 32);
    guest.state.segment(Cs).attributes &= static_cast<uint16_t>(~Segment::default_big);
    auto narrow = decode_instruction(guest.memory, guest.state).instruction;
    CHECK(narrow.length() == 3);
    CHECK(narrow.info.operand_width == 16);
}

TEST_CASE("The B flag of SS chooses the width of the stack", "[decode]")
{
    Decoding guest;
    CHECK(guest.instruction({ 0x50 }).info.stack_width == 32);
    guest.state.segment(Ss).attributes &= static_cast<uint16_t>(~Segment::default_big);
    CHECK(guest.instruction({ 0x50 }).info.stack_width == 16);
}

TEST_CASE("Instructions are fetched at CS base plus EIP", "[decode]")
{
    Decoding guest;
    guest.state.segment(Cs).base = 0x40000;
    guest.state.eip = 0x10;
    guest.put<uint8_t>(0x40010, 0xF4);
    auto result = decode_instruction(guest.memory, guest.state);
    REQUIRE_FALSE(result.fault);
    CHECK(result.instruction.info.mnemonic == ZYDIS_MNEMONIC_HLT);
}

TEST_CASE("Bytes that are no instruction are #UD", "[decode]")
{
    Decoding guest;
    CHECK(guest.decode({ 0x0F, 0xFF }).fault.has_value() == false); // UD0 is one
    CHECK(guest.decode({ 0x0F, 0x04, 0, 0, 0 }).fault == fault_without_code(UD));
    CHECK(guest.decode({ 0xFF, 0xD8, 0, 0, 0 }).fault == fault_without_code(UD)); // call far, register operand
}

TEST_CASE("More than fifteen bytes are #GP", "[decode]")
{
    Decoding guest;
    CHECK(
        guest.decode({ 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90 })
            .fault
        == fault_with_code(GP, 0));
}

TEST_CASE("The limit of CS matters only if the instruction needs the bytes beyond it", "[decode]")
{
    Decoding guest;
    guest.put_code({ 0xB8, 0x78, 0x56, 0x34, 0x12 });
    guest.state.segment(Cs).limit = code_at + 4;
    CHECK_FALSE(decode_instruction(guest.memory, guest.state).fault);
    guest.state.segment(Cs).limit = code_at + 3;
    CHECK(decode_instruction(guest.memory, guest.state).fault == fault_with_code(GP, 0));
    guest.state.segment(Cs).limit = code_at - 1;
    CHECK(decode_instruction(guest.memory, guest.state).fault == fault_with_code(GP, 0));
}

TEST_CASE("The second page of an instruction is fetched only if it is needed", "[decode]")
{
    Decoding guest;
    guest.enable_paging();
    guest.enter_ring(3);
    guest.state.eip = code_at + 0xFFE;
    guest.unmap(code_at + page_size);
    CHECK_FALSE(guest.decode({ 0xCD, 0x80 }).fault);
    guest.put<uint8_t>(code_at + 0xFFE, 0xB8);
    CHECK(decode_instruction(guest.memory, guest.state).fault
        == page_fault(page_fault_error::user, Gla { code_at + page_size }));
}

TEST_CASE("An instruction across two pages is put together from both frames", "[decode]")
{
    Decoding guest;
    guest.enable_paging();
    guest.set_page(code_at + page_size, 0x60000 | 7);
    guest.state.eip = code_at + 0xFFE;
    guest.put<uint16_t>(code_at + 0xFFE, 0x78B8);
    guest.put<uint32_t>(0x60000, 0x123456);
    auto result = decode_instruction(guest.memory, guest.state);
    REQUIRE_FALSE(result.fault);
    CHECK(result.instruction.operands[1].imm.value.u == 0x12345678);
}

TEST_CASE("Code outside RAM reads as ones, which is no instruction", "[decode]")
{
    Decoding guest;
    guest.state.eip = 0xD0000000;
    CHECK(decode_instruction(guest.memory, guest.state).fault == fault_without_code(UD));
}

TEST_CASE("Registers have values by their names", "[operands]")
{
    CpuState state;
    state.gpr = { 0x11223344, 0x55667788, 0, 0, 0, 0, 0, 0x99AABBCC };
    CHECK(register_value(state, ZYDIS_REGISTER_EAX) == 0x11223344);
    CHECK(register_value(state, ZYDIS_REGISTER_AX) == 0x3344);
    CHECK(register_value(state, ZYDIS_REGISTER_AL) == 0x44);
    CHECK(register_value(state, ZYDIS_REGISTER_AH) == 0x33);
    CHECK(register_value(state, ZYDIS_REGISTER_CH) == 0x77);
    CHECK(register_value(state, ZYDIS_REGISTER_EDI) == 0x99AABBCC);
    CHECK(register_value(state, ZYDIS_REGISTER_NONE) == 0);
    CHECK(register_value(state, ZYDIS_REGISTER_XMM1) == 0);
    CHECK(segment_register(ZYDIS_REGISTER_GS) == Gs);
    CHECK_FALSE(segment_register(ZYDIS_REGISTER_EAX));
}

TEST_CASE("Memory operands add base, scaled index and displacement in the address size", "[operands]")
{
    Decoding guest;
    guest.state.gpr[Ebx] = 0x1000;
    guest.state.gpr[Esi] = 0x10;
    CHECK(guest.accesses({ 0x8B, 0x44, 0xB3, 0xFC }) == Seen { { Ds, 0x103C, 4, reads } }); // mov eax, [ebx+esi*4-4]
    CHECK(guest.accesses({ 0x64, 0x8A, 0x03 }) == Seen { { Fs, 0x1000, 1, reads } });       // mov al, fs:[ebx]
    guest.state.gpr[Ebx] = 0x1FFF8;
    CHECK(guest.accesses({ 0x67, 0x8B, 0x00 }) == Seen { { Ds, 0x8, 4, reads } }); // mov eax, [bx+si]
}

TEST_CASE("Operands are read as values", "[operands]")
{
    Decoding guest;
    guest.put<uint32_t>(0x5000, 0xAABBCCDD);
    guest.state.gpr[Ebx] = 0x5000;
    auto value = [&](std::initializer_list<uint8_t> bytes, unsigned i) {
        auto instruction = guest.instruction(bytes);
        return operand_value(guest.memory, guest.state, instruction, instruction.operands[i]);
    };
    CHECK(value({ 0x8B, 0x03 }, 1) == 0xAABBCCDD); // mov eax, [ebx]
    CHECK(value({ 0x8E, 0x1B }, 1) == 0xCCDD);     // mov ds, [ebx]
    CHECK(value({ 0x8C, 0xD8 }, 1) == data_0);     // mov eax, ds
    CHECK(value({ 0xCD, 0x80 }, 0) == 0x80);       // int 0x80
    CHECK_FALSE(value({ 0x0F, 0xAE, 0x03 }, 0));   // fxsave [ebx]: too wide
    guest.state.segment(Ds).limit = 0x5002;
    CHECK_FALSE(value({ 0x8B, 0x03 }, 1));
}

TEST_CASE("An instruction's memory accesses are listed in order, reads first", "[memory-accesses]")
{
    Decoding guest;
    guest.state.gpr = { 0x1000, 3, 0x2000, 0x3000, 0x8000, 0x9000, 0x6000, 0x7000 };
    auto check
        = [&](std::initializer_list<uint8_t> bytes, const Seen& expected) { CHECK(guest.accesses(bytes) == expected); };
    check({ 0xA5 }, { { Ds, 0x6000, 4, reads }, { Es, 0x7000, 4, writes } });             // movsd
    check({ 0xF3, 0xA4 }, { { Ds, 0x6000, 1, reads }, { Es, 0x7000, 1, writes } });       // rep movsb
    check({ 0xA6 }, { { Ds, 0x6000, 1, reads }, { Es, 0x7000, 1, reads } });              // cmpsb
    check({ 0xAA }, { { Es, 0x7000, 1, writes } });                                       // stosb
    check({ 0x6D }, { { Es, 0x7000, 4, writes } });                                       // insd
    check({ 0x6E }, { { Ds, 0x6000, 1, reads } });                                        // outsb
    check({ 0x50 }, { { Ss, 0x7FFC, 4, writes } });                                       // push eax
    check({ 0x66, 0x50 }, { { Ss, 0x7FFE, 2, writes } });                                 // push ax
    check({ 0xFF, 0x34, 0x24 }, { { Ss, 0x8000, 4, reads }, { Ss, 0x7FFC, 4, writes } }); // push [esp]
    check({ 0x58 }, { { Ss, 0x8000, 4, reads } });                                        // pop eax
    check({ 0x8F, 0x04, 0x24 }, { { Ss, 0x8000, 4, reads }, { Ss, 0x8004, 4, writes } }); // pop [esp]
    check({ 0xE8, 0, 0, 0, 0 }, { { Ss, 0x7FFC, 4, writes } });                           // call
    check({ 0xFF, 0x10 }, { { Ds, 0x1000, 4, reads }, { Ss, 0x7FFC, 4, writes } });       // call [eax]
    check({ 0xC3 }, { { Ss, 0x8000, 4, reads } });                                        // ret
    check({ 0x60 }, { { Ss, 0x7FE0, 32, writes } });                                      // pushad
    check({ 0x61 }, { { Ss, 0x8000, 32, reads } });                                       // popad
    check({ 0x9C }, { { Ss, 0x7FFC, 4, writes } });                                       // pushfd
    check({ 0xC9 }, { { Ss, 0x9000, 4, reads } });                                        // leave
    check({ 0xFF, 0x00 }, { { Ds, 0x1000, 4, writes } });                                 // inc [eax]
    check({ 0x87, 0x03 }, { { Ds, 0x3000, 4, writes } });                                 // xchg [ebx], eax
    check({ 0x0F, 0xB1, 0x0B }, { { Ds, 0x3000, 4, writes } });                           // cmpxchg [ebx], ecx
    check({ 0x0F, 0xC7, 0x0B }, { { Ds, 0x3000, 8, writes } });                           // cmpxchg8b [ebx]
    check({ 0x39, 0x03 }, { { Ds, 0x3000, 4, reads } });                                  // cmp [ebx], eax
    check({ 0x0F, 0xAE, 0x00 }, { { Ds, 0x1000, 512, writes } });                         // fxsave [eax]
    check({ 0x0F, 0xAE, 0x08 }, { { Ds, 0x1000, 512, reads } });                          // fxrstor [eax]
    check({ 0xDD, 0x1B }, { { Ds, 0x3000, 8, writes } });                                 // fstp qword [ebx]
    check({ 0x0F, 0x01, 0x10 }, { { Ds, 0x1000, 6, reads } });                            // lgdt [eax]
    check({ 0x8D, 0x03 }, {});                                                            // lea eax, [ebx]
    check({ 0x0F, 0x01, 0x38 }, {});                                                      // invlpg [eax]
    check({ 0x0F, 0x1F, 0x00 }, {});                                                      // nop [eax]
    check({ 0xD7 }, { { Ds, 0x3000, 1, reads } });                                        // xlat, AL = 0
    guest.state.gpr[Eax] = 0xFF42;
    check({ 0xD7 }, { { Ds, 0x3042, 1, reads } });
}

TEST_CASE("Bit tests with a register reach beyond their operand, in both directions", "[memory-accesses]")
{
    Decoding guest;
    guest.state.gpr[Ebx] = 0x3000;
    auto offset = [&](uint32_t bit, std::initializer_list<uint8_t> bytes) {
        guest.state.gpr[Eax] = bit;
        return guest.accesses(bytes).at(0).offset;
    };
    CHECK(offset(31, { 0x0F, 0xAB, 0x03 }) == 0x3000); // bts [ebx], eax
    CHECK(offset(32, { 0x0F, 0xAB, 0x03 }) == 0x3004);
    CHECK(offset(0xFFFFFFFF, { 0x0F, 0xAB, 0x03 }) == 0x2FFC);
    CHECK(offset(0xFFFFFFE0, { 0x0F, 0xA3, 0x03 }) == 0x2FFC);
    CHECK(offset(0xFFFFFFDF, { 0x0F, 0xA3, 0x03 }) == 0x2FF8);
    CHECK(offset(0x80000000, { 0x0F, 0xA3, 0x03 }) == 0xF0003000);
    CHECK(offset(0xFFF0, { 0x66, 0x0F, 0xA3, 0x03 }) == 0x2FFE); // a 16-bit offset is signed
    CHECK(offset(40, { 0x0F, 0xBA, 0x2B, 0x28 }) == 0x3000);     // an immediate stays inside
}

TEST_CASE("ENTER reads frame pointers, pushes them and touches the new top", "[memory-accesses]")
{
    Decoding guest;
    guest.state.gpr[Esp] = 0x8000;
    guest.state.gpr[Ebp] = 0x9000;
    CHECK(guest.accesses({ 0xC8, 0x00, 0x01, 0 }) == Seen { { Ss, 0x7FFC, 4, writes }, { Ss, 0x7EFC, 4, writes } });
    CHECK(guest.accesses({ 0xC8, 0x08, 0x00, 3 })
        == Seen { { Ss, 0x8FF8, 8, reads }, { Ss, 0x7FF0, 16, writes }, { Ss, 0x7FE8, 4, writes } });
}

TEST_CASE("On a 16-bit stack pushes wrap with SP", "[memory-accesses]")
{
    Decoding guest;
    guest.state.segment(Ss).attributes &= static_cast<uint16_t>(~Segment::default_big);
    guest.state.gpr[Esp] = 0x12340002;
    CHECK(guest.accesses({ 0x50 }) == Seen { { Ss, 0xFFFE, 4, writes } });
}
