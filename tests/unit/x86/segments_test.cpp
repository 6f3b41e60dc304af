#include "core/x86/segments.hpp"

#include "tests/catch.hpp"
#include "tests/unit/x86/test_guest.hpp"

using namespace ringside;
using namespace ringside::test;

TEST_CASE("The last byte of an access may lie at the limit, not beyond", "[segments]")
{
    Segment data { data_0, 0x4093, 0, 0xFFF };
    CHECK(within_limit(data, 0xFFC, 4));
    CHECK_FALSE(within_limit(data, 0xFFD, 4));
    CHECK(within_limit(data, 0xFFF, 1));
    CHECK_FALSE(within_limit(data, 0x1000, 1));
    CHECK_FALSE(within_limit(data, 0xFFFFFFFF, 2)); // no wrap
}

TEST_CASE("A 4 GiB segment wraps", "[segments]")
{
    Segment data { data_0, 0xC093, 0, 0xFFFFFFFF };
    CHECK(within_limit(data, 0xFFFFFFFE, 4));
}

TEST_CASE("An expand-down segment holds what lies above its limit", "[segments]")
{
    Segment small { data_0, 0x0097, 0, 0xFFF };
    CHECK_FALSE(within_limit(small, 0xFFF, 1));
    CHECK(within_limit(small, 0x1000, 4));
    CHECK(within_limit(small, 0xFFFC, 4));
    CHECK_FALSE(within_limit(small, 0xFFFD, 4)); // B clear: 64 KiB at most
    Segment big { data_0, 0x4097, 0, 0xFFF };
    CHECK(within_limit(big, 0xFFFD, 4));
    CHECK(within_limit(big, 0xFFFFFFFC, 4));
    CHECK_FALSE(within_limit(big, 0xFFFFFFFD, 4));
}

TEST_CASE("The same type bit means conforming, not expand-down, in code", "[segments]")
{
    CHECK(within_limit({ code_0, 0x409E, 0, 0xFFF }, 0, 4));
}

TEST_CASE("References are checked against presence, type and limit", "[segments]")
{
    TestGuest guest;
    auto check = [&](Segment segment, uint32_t offset, Access access) {
        guest.state.segment(Ds) = segment;
        return check_segment_access(guest.state, Ds, offset, 4, access);
    };
    Fault refused = fault_with_code(GP, 0);
    CHECK_FALSE(check({ data_0, 0x4093, 0, 0xFFF }, 0, Access::Write));
    CHECK(check({ data_0, 0x4093, 0, 0xFFF }, 0xFFD, Access::Read) == refused);
    CHECK(check({ 0, 0, 0, 0 }, 0, Access::Read) == refused);                // null
    CHECK(check({ data_0, 0x4091, 0, 0xFFF }, 0, Access::Write) == refused); // read-only
    CHECK_FALSE(check({ data_0, 0x4091, 0, 0xFFF }, 0, Access::Read));
    CHECK(check({ code_0, 0x4099, 0, 0xFFF }, 0, Access::Read) == refused); // execute-only
    CHECK_FALSE(check({ code_0, 0x409B, 0, 0xFFF }, 0, Access::Read));
    CHECK(check({ code_0, 0x409B, 0, 0xFFF }, 0, Access::Write) == refused);
}

TEST_CASE("A bad reference through SS is a stack fault", "[segments]")
{
    TestGuest guest;
    guest.state.segment(Ss).limit = 0xFFF;
    CHECK(check_segment_access(guest.state, Ss, 0x1000, 4, Access::Write) == fault_with_code(SS, 0));
}

TEST_CASE("Real-address mode checks the limit only, and its faults have no error code", "[segments]")
{
    CpuState state;
    state.segment(Ds) = { 0x1000, 0, 0x10000, 0xFFFF };
    CHECK_FALSE(check_segment_access(state, Ds, 0xFFFE, 2, Access::Write));
    CHECK(check_segment_access(state, Ds, 0xFFFF, 2, Access::Write) == fault_without_code(GP));
}

TEST_CASE("Real-address and virtual-8086 loads multiply the selector by 16", "[segments]")
{
    CHECK(real_mode_segment({ 0, 0x93, 0, 0xFFFFFFFF }, 0xF000) == Segment { 0xF000, 0x93, 0xF0000, 0xFFFFFFFF });
    CHECK(virtual_8086_segment(0xF000) == Segment { 0xF000, 0xF3, 0xF0000, 0xFFFF });
}
