#include "core/x86/breakpoints.hpp"
#include "tests/catch.hpp"

using namespace ringside;

namespace {

// DR7's bits for breakpoint `number`: enabled (bit 0 local, bit 1 global), kind and length as the manual encodes them.
constexpr uint32_t control(unsigned number, unsigned enable, unsigned kind, unsigned length)
{
    return 0x400 | enable << (2 * number) | kind << (16 + 4 * number) | length << (18 + 4 * number);
}

DebugRegisterValues registers(unsigned number, uint32_t address, uint32_t dr7)
{
    DebugRegisterValues values {};
    values[number] = address;
    values[7] = dr7;
    return values;
}

constexpr unsigned local = 1, global = 2;
constexpr unsigned executed = 0, written = 1, input_output = 2, read_or_written = 3;

}

TEST_CASE("A breakpoint counts while its local or its global bit is set", "[x86]")
{
    for (unsigned number = 0; number < Breakpoint::count; ++number) {
        CAPTURE(number);
        for (unsigned enable : { local, global, local | global }) {
            auto values = registers(number, 0x1000, control(number, enable, executed, 0));
            CHECK(any_breakpoint(values));
            CHECK(instruction_breakpoints(values, Gla { 0x1000 }, eflags::fixed) == 1u << number);
            CHECK(instruction_breakpoints(values, Gla { 0x1001 }, eflags::fixed) == 0);
            CHECK(instruction_breakpoints(values, Gla { 0x1000 }, eflags::fixed | eflags::rf) == 0);
            CHECK(data_breakpoints(values, Gla { 0x1000 }, 4, Access::Read) == 0);
        }
        auto off = registers(number, 0x1000, control(number, 0, executed, 0));
        CHECK_FALSE(any_breakpoint(off));
        CHECK(instruction_breakpoints(off, Gla { 0x1000 }, eflags::fixed) == 0);
        CHECK_FALSE(breakpoint_of(registers(number, 0x60, control(number, local, input_output, 0)), number));
    }
}

TEST_CASE("A data breakpoint is hit by each access that touches one of its bytes", "[x86]")
{
    struct Row {
        unsigned length_code;
        uint32_t address, first, last; // as written to the register; the bytes watched
    };
    for (auto [code, address, first, last] : { Row { 0, 0x2003, 0x2003, 0x2003 }, Row { 1, 0x2003, 0x2002, 0x2003 },
             Row { 3, 0x2003, 0x2000, 0x2003 }, Row { 2, 0x200B, 0x2008, 0x200F }, Row { 3, 0xFFFFFFFF, 0xFFFFFFFC, 0xFFFFFFFF } }) {
        CAPTURE(code, address);
        auto writes = registers(2, address, control(2, local, written, code));
        auto both = registers(2, address, control(2, local, read_or_written, code));
        for (uint32_t bytes : { 1u, 2u, 4u, 16u }) {
            CAPTURE(bytes);
            CHECK(data_breakpoints(writes, Gla { first - bytes }, bytes, Access::Write) == 0);
            CHECK(data_breakpoints(writes, Gla { first - bytes + 1 }, bytes, Access::Write) == 4);
            CHECK(data_breakpoints(writes, Gla { last }, bytes, Access::Write) == 4);
            CHECK(data_breakpoints(writes, Gla { last + 1 }, bytes, Access::Write) == 0);
            CHECK(data_breakpoints(writes, Gla { first }, bytes, Access::Read) == 0);
            CHECK(data_breakpoints(both, Gla { first }, bytes, Access::Read) == 4);
            CHECK(data_breakpoints(both, Gla { first }, bytes, Access::Write) == 4);
        }
    }
}

TEST_CASE("Breakpoints on the same bytes are all hit", "[x86]")
{
    DebugRegisterValues values {};
    values[0] = values[3] = 0x3000;
    values[7] = control(0, local, read_or_written, 3) | control(3, global, written, 0);
    CHECK(data_breakpoints(values, Gla { 0x3000 }, 1, Access::Write) == 0b1001);
    CHECK(data_breakpoints(values, Gla { 0x3001 }, 1, Access::Write) == 0b0001);
}
