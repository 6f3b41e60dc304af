#include "core/x86/io_permission.hpp"

#include "tests/catch.hpp"
#include "tests/unit/x86/test_guest.hpp"

#include <cstddef>

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr uint32_t map_offset = 104;

// Ring 3 with IOPL 0 and a bitmap for ports 0 to 0x7F, all refused, with its terminating byte.
struct Bitmap : TestGuest {
    Bitmap()
    {
        enter_ring(3);
        put(tss_at + uint32_t { offsetof(Tss32, io_map_base) }, uint16_t { map_offset });
        for (uint32_t i = 0; i <= 16; ++i)
            put(tss_at + map_offset + i, uint8_t { 0xFF });
        state.tr.limit = map_offset + 16;
    }
    void open(uint16_t port)
    {
        uint32_t at = tss_at + map_offset + port / 8u;
        put(at, static_cast<uint8_t>(get<uint8_t>(at) & ~(1u << port % 8)));
    }
    bool allowed(uint16_t port, unsigned size)
    {
        auto fault = check_io_permission(memory, state, port, size);
        if (fault)
            CHECK(*fault == fault_with_code(GP, 0));
        return !fault;
    }
};

}

TEST_CASE("CPL up to IOPL may use any port", "[io-permission]")
{
    Bitmap guest;
    guest.state.eflags |= eflags::iopl;
    CHECK(guest.allowed(0x20, 1));
    guest.state.eflags &= ~(1u << 12); // IOPL 2
    CHECK_FALSE(guest.allowed(0x20, 1));
    guest.enter_ring(0);
    CHECK(guest.allowed(0x20, 1));
    guest.enter_ring(1);
    CHECK_FALSE(guest.allowed(0x20, 1));
}

TEST_CASE("Real-address mode may use any port", "[io-permission]")
{
    TestGuest guest;
    guest.state = CpuState {};
    CHECK_FALSE(check_io_permission(guest.memory, guest.state, 0x20, 1));
}

TEST_CASE("A clear bit opens its port", "[io-permission]")
{
    Bitmap guest;
    guest.open(0x21);
    CHECK(guest.allowed(0x21, 1));
    CHECK_FALSE(guest.allowed(0x20, 1));
    CHECK_FALSE(guest.allowed(0x22, 1));
}

TEST_CASE("A wide access needs the bits of all its ports, across bytes of the map", "[io-permission]")
{
    Bitmap guest;
    for (uint16_t port = 0x26; port < 0x2A; ++port)
        guest.open(port);
    CHECK(guest.allowed(0x26, 4));
    CHECK(guest.allowed(0x28, 2));
    CHECK_FALSE(guest.allowed(0x25, 2));
    CHECK_FALSE(guest.allowed(0x27, 4));
    CHECK_FALSE(guest.allowed(0x29, 2));
}

TEST_CASE("Both bytes that are read must lie inside the TSS", "[io-permission]")
{
    Bitmap guest;
    guest.open(0x7F);
    CHECK(guest.allowed(0x7F, 1));
    guest.state.tr.limit = map_offset + 15; // the terminating byte is gone
    CHECK_FALSE(guest.allowed(0x7F, 1));
    guest.open(0x70);
    CHECK(guest.allowed(0x70, 1));
    CHECK_FALSE(guest.allowed(0xFFFF, 1));
}

TEST_CASE("Without a bitmap every port is refused", "[io-permission]")
{
    Bitmap guest;
    guest.open(0x21);
    SECTION("the map begins beyond the limit")
    {
        guest.put(tss_at + uint32_t { offsetof(Tss32, io_map_base) }, uint16_t { 0xFFFF });
    }
    SECTION("the TSS is too short to point to one")
    {
        guest.state.tr.limit = 102;
    }
    SECTION("a 16-bit TSS has none")
    {
        guest.state.tr.attributes = busy_tss_16;
    }
    CHECK_FALSE(guest.allowed(0x21, 1));
}

TEST_CASE("In virtual-8086 mode the bitmap decides, whatever IOPL says", "[io-permission]")
{
    Bitmap guest;
    guest.state.eflags |= eflags::vm | eflags::iopl;
    guest.open(0x21);
    CHECK(guest.allowed(0x21, 1));
    CHECK_FALSE(guest.allowed(0x20, 1));
}

TEST_CASE("A page fault of the bitmap is a supervisor read", "[io-permission]")
{
    Bitmap guest;
    guest.enable_paging();
    guest.unmap(tss_at);
    CHECK(check_io_permission(guest.memory, guest.state, 0x21, 1)
        == page_fault(0, Gla { tss_at + uint32_t { offsetof(Tss32, io_map_base) } }));
}
