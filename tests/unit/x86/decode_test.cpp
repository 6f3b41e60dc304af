#include "core/x86/decode.hpp"

#include "tests/catch.hpp"
#include "tests/unit/x86/test_guest.hpp"

#include <array>

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
};

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

TEST_CASE("A decoder of one mode gives the operands that are asked for, whatever it decoded before", "[decode]")
{
    using enum InstructionDecoder::Operands;
    Decoding guest;
    InstructionDecoder decoder(guest.state);
    const std::array<uint8_t, 2> move { 0x89, 0xC8 }; // mov %ecx, %eax
    const std::array<uint8_t, 1> push { 0x50 };       // push %eax: ESP and the stack are implied
    Instruction instruction;
    REQUIRE(decoder.decode(move, Written, instruction));
    CHECK(instruction.all_operands().size() == 2);
    REQUIRE(decoder.decode(push, Written, instruction));
    CHECK(instruction.all_operands().size() == 1);
    CHECK(instruction.operands[0].reg.value == ZYDIS_REGISTER_EAX);
    CHECK(instruction.operands[1].type == ZYDIS_OPERAND_TYPE_UNUSED);
    REQUIRE(decoder.decode(push, All, instruction));
    CHECK(instruction.all_operands().size() == 3);
    CHECK_FALSE(decoder.decode(std::span(move).first(1), Written, instruction));
}
