// The host's floating-point unit executes one instruction on what it is given, and leaves the monitor's registers alone.
#include "strategies/native/host_floating_unit.hpp"

#include "tests/catch.hpp"

#include <bit>
#include <cstring>
#include <initializer_list>
#include <vector>
#include <xmmintrin.h>

using namespace ringside;

namespace {

constexpr std::size_t first_x87 = 32, first_xmm = 160;

struct Lent {
    alignas(16) std::array<std::byte, 512> image {};
    alignas(16) std::array<std::byte, 16> operand {};
    CpuState state;
    FloatingOperands operands;
    HostFloatingUnit unit;

    Lent()
    {
        REQUIRE(unit.set_up());
        put<uint16_t>(0, 0x37F);
        put<uint32_t>(24, 0x1F80);
        operands.registers = image.data();
        operands.memory = operand;
        state.cr0 |= cr0::pe;
        state.segment(Cs).attributes = state.segment(Ss).attributes = Segment::default_big;
    }
    template<typename T>
    void put(std::size_t offset, T value)
    {
        std::memcpy(image.data() + offset, &value, sizeof(value));
    }
    template<typename T>
    T get(std::size_t offset) const
    {
        T value;
        std::memcpy(&value, image.data() + offset, sizeof(value));
        return value;
    }
    template<typename T>
    void put_operand(T value)
    {
        std::memcpy(operand.data(), &value, sizeof(value));
    }
    template<typename T>
    T operand_as() const
    {
        T value;
        std::memcpy(&value, operand.data(), sizeof(value));
        return value;
    }
    void execute(std::initializer_list<uint8_t> bytes)
    {
        std::vector<uint8_t> code(bytes);
        Instruction instruction;
        REQUIRE(decode_bytes(state, code, instruction));
        REQUIRE(unit.has(instruction));
        unit.execute(instruction, operands);
    }
};

}

TEST_CASE("An SSE instruction uses the registers that it is given, whatever addressed its operand", "[native]")
{
    Lent lent;
    lent.put<uint64_t>(first_xmm + 16 * 5, 0x1111222233334444);
    lent.put_operand<uint64_t>(0xFFFFFFFFFFFFFFFF);
    lent.execute({ 0x66, 0x26, 0x0F, 0xEF, 0xAC, 0x8B, 0x78, 0x56, 0x34, 0x12 }); // pxor %es:0x12345678(%ebx,%ecx,4), %xmm5
    CHECK(lent.get<uint64_t>(first_xmm + 16 * 5) == ~uint64_t { 0x1111222233334444 });
    CHECK(lent.get<uint64_t>(first_xmm + 16 * 4) == 0);
    lent.execute({ 0x67, 0x0F, 0x17, 0x28 }); // movhps %xmm5, (%bx,%si)
    CHECK(lent.operand_as<uint64_t>() == 0);
    lent.execute({ 0x66, 0x0F, 0x3A, 0x14, 0x2B, 0x07 }); // pextrb $7, %xmm5, (%ebx)
    CHECK(lent.operand_as<uint8_t>() == 0xEE);
    lent.put_operand<uint64_t>(0x8000000000000001);
    lent.execute({ 0x66, 0x0F, 0x38, 0x20, 0x33 }); // pmovsxbw (%ebx), %xmm6
    CHECK(lent.get<uint16_t>(first_xmm + 16 * 6) == 1);
    CHECK(lent.get<uint16_t>(first_xmm + 16 * 6 + 14) == 0xFF80);
}

TEST_CASE("x87 instructions push, compute and pop", "[native]")
{
    Lent lent;
    lent.put_operand(1.5);
    lent.execute({ 0xDD, 0x03 }); // fldl
    lent.put_operand(2.0);
    lent.execute({ 0xDC, 0x03 }); // faddl
    CHECK((lent.get<uint16_t>(2) >> 11 & 7) == 7); // one is pushed
    lent.execute({ 0xDD, 0x1B }); // fstpl
    CHECK(lent.operand_as<double>() == 3.5);
    CHECK((lent.get<uint16_t>(2) >> 11 & 7) == 0);
    CHECK(lent.get<uint8_t>(4) == 0); // and all are empty
}

TEST_CASE("The arithmetic flags go in and come out, and no others", "[native]")
{
    Lent lent;
    lent.operands.flags = eflags::df | eflags::tf | eflags::zf | eflags::of;
    lent.put_operand(1.0f);
    lent.execute({ 0xF3, 0x0F, 0x58, 0x03 }); // addss
    CHECK(lent.operands.flags == (eflags::zf | eflags::of));
    lent.put_operand(2.0f);
    lent.execute({ 0x0F, 0x2E, 0x03 }); // ucomiss: 1 < 2
    CHECK(lent.operands.flags == eflags::cf);
    lent.execute({ 0xD9, 0xE8 }); // fld1
    lent.execute({ 0xD9, 0xEE }); // fldz
    lent.execute({ 0xDA, 0xC1 }); // fcmovb: st1, as CF is set
    lent.execute({ 0xDB, 0xF1 }); // fcomi: equal
    CHECK(lent.operands.flags == eflags::zf);
}

TEST_CASE("General registers have stand-ins, in the guest's code size", "[native]")
{
    Lent lent;
    lent.put_operand<uint32_t>(0x00F00001);
    lent.operands.reg = 0x99999999;
    lent.execute({ 0xF3, 0x0F, 0xB8, 0xE1 }); // popcnt %ecx, %esp
    CHECK(lent.operands.reg == 5);
    lent.operands.reg = 0x99999999;
    lent.execute({ 0x66, 0xF3, 0x0F, 0xB8, 0xE1 });
    CHECK(lent.operands.reg == 0x99990001);
    lent.put(first_xmm, -7.5);
    lent.execute({ 0x66, 0xF2, 0x0F, 0x2C, 0xE0 }); // cvttsd2si %xmm0, %esp
    CHECK(lent.operands.reg == 0xFFFFFFF9);
    lent.execute({ 0x66, 0x0F, 0x3A, 0x16, 0xC4, 0x01 }); // pextrd $1, %xmm0, %esp
    CHECK(lent.operand_as<uint32_t>() == 0xC01E0000);
    lent.put<uint16_t>(2, 0x3900);
    lent.operands.eax = 0x12345678;
    lent.execute({ 0xDF, 0xE0 }); // fnstsw %ax
    CHECK(lent.operands.eax == 0x12343900);
    lent.state.cr0 = 0; // 16-bit code
    lent.state.segment(Cs).attributes = 0;
    lent.put_operand<uint32_t>(0x12345678);
    lent.operands.reg = 0;
    lent.execute({ 0x0F, 0x38, 0xF0, 0x07 }); // movbe (%bx), %ax
    CHECK(lent.operands.reg == 0x7856);
    lent.execute({ 0x66, 0x0F, 0x38, 0xF0, 0x07 });
    CHECK(lent.operands.reg == 0x78563412);
}

TEST_CASE("The monitor's rounding and masks are its own", "[native]")
{
    Lent lent;
    lent.put<uint32_t>(24, 0x7F80); // toward zero
    lent.put<uint16_t>(0, 0x07F);   // 24 bits
    uint32_t before = _mm_getcsr();
    lent.put_operand(1.0f);
    lent.execute({ 0xF3, 0x0F, 0x10, 0x0B });       // movss (%ebx), %xmm1
    lent.put_operand(0.1f);
    lent.execute({ 0xF3, 0x0F, 0x58, 0x0B });       // addss
    CHECK(lent.get<uint32_t>(24) == 0x7FA0);        // it was not exact
    CHECK(lent.get<float>(first_xmm + 16) == std::bit_cast<float>(0x3F8CCCCC)); // 0x3F8CCCCD to nearest
    CHECK(_mm_getcsr() == before);
    long double third = 1.0L;
    third /= 3.0L;
    CHECK(third * 3.0L == 1.0L);
}
