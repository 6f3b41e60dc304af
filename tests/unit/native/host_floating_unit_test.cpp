// The host's floating-point unit executes one instruction on registers that it is given.
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
    HostFloatingUnit unit;

    Lent()
    {
        REQUIRE(unit.set_up());
        put<uint16_t>(0, 0x37F);
        put<uint32_t>(24, 0x1F80);
        unit.use(image.data());
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
    Instruction decode(std::initializer_list<uint8_t> bytes)
    {
        std::vector<uint8_t> code(bytes);
        Instruction instruction;
        REQUIRE(decode_bytes(state, code, instruction));
        return instruction;
    }
    void execute(std::initializer_list<uint8_t> bytes)
    {
        auto instruction = decode(bytes);
        REQUIRE(unit.accepts(instruction));
        unit.execute(instruction, operand, state);
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

TEST_CASE("A comparison sets the arithmetic flags, another instruction none", "[native]")
{
    Lent lent;
    lent.state.eflags = eflags::fixed | eflags::df | eflags::zf | eflags::of | eflags::if_;
    lent.put_operand(1.0f);
    lent.execute({ 0xF3, 0x0F, 0x58, 0x03 }); // addss
    CHECK(lent.state.eflags == (eflags::fixed | eflags::df | eflags::zf | eflags::of | eflags::if_));
    lent.put_operand(2.0f);
    lent.execute({ 0x0F, 0x2E, 0x03 }); // ucomiss: 1 < 2
    CHECK(lent.state.eflags == (eflags::fixed | eflags::df | eflags::cf | eflags::if_));
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

TEST_CASE("Nothing of the monitor's is left in the pointers to the last instruction", "[native]")
{
    Lent lent;
    lent.put<uint64_t>(8, 0x0008000000012345);
    lent.put<uint64_t>(16, 0x0010000000054321);
    lent.put_operand(1.5);
    lent.execute({ 0xDD, 0x03 });
    CHECK(lent.get<uint64_t>(8) == 0x0008000000012345);
    CHECK(lent.get<uint64_t>(16) == 0x0010000000054321);
}

TEST_CASE("An exception that the guest has not masked makes the unit refuse", "[native]")
{
    Lent lent;
    auto load = lent.decode({ 0xDD, 0x03 });
    CHECK(lent.unit.accepts(load));
    lent.put<uint16_t>(0, 0x37B);
    CHECK_FALSE(lent.unit.accepts(load));
    lent.put<uint16_t>(0, 0x37F);
    lent.put<uint32_t>(24, 0x1F00);
    CHECK_FALSE(lent.unit.accepts(load));
}
