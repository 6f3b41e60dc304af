// IN, OUT, INS, OUTS: permission, devices, and what is recorded.
#include "tests/unit/x86/emulated_guest.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr uint8_t debug_port = 0xE9;
constexpr uint32_t buffer_at = 0x40000;

struct PortGuest : EmulatedGuest {
    PortGuest() { put<uint16_t>(tss_at + offsetof(Tss32, io_map_base), 104); } // no bitmap
    void put_text(std::string_view text)
    {
        for (std::size_t i = 0; i < text.size(); ++i)
            put(buffer_at + static_cast<uint32_t>(i), static_cast<uint8_t>(text[i]));
    }
    // The bitmap of the TSS lets ring 3 use these ports.
    void permit(uint16_t first, unsigned count)
    {
        constexpr uint16_t map_at = 104;
        put<uint16_t>(tss_at + offsetof(Tss32, io_map_base), map_at);
        for (unsigned i = 0; i < 64; ++i)
            put<uint8_t>(tss_at + map_at + i, 0xFF);
        for (unsigned port = first; port < first + count; ++port) {
            uint32_t at = tss_at + map_at + port / 8;
            put(at, static_cast<uint8_t>(get<uint8_t>(at) & ~(1u << port % 8)));
        }
        state.tr.limit = map_at + 63;
    }
};

}

TEST_CASE("OUT reaches the device and tells port, size and value", "[emulator]")
{
    PortGuest guest;
    guest.state.gpr[Eax] = 0xFFFFFF00 | 'x';
    auto out = guest.done({ 0xE6, debug_port });
    CHECK(guest.debug_output == "x");
    CHECK(out.kind == EventKind::PortWrite);
    CHECK(out.a == debug_port);
    CHECK(out.b == 1);
    CHECK(out.c == 'x');
}

TEST_CASE("IN fills the part of EAX that it names", "[emulator]")
{
    PortGuest guest;
    guest.state.gpr[Eax] = 0x12345678;
    guest.state.gpr[Edx] = 0xFFFF0000 | debug_port;
    auto in = guest.done({ 0xEC }); // in al, dx
    CHECK(guest.state.gpr[Eax] == (0x12345600 | debug_port)); // the port reads as its own number
    CHECK(in.kind == EventKind::PortRead);
    CHECK(in.a == debug_port);
    CHECK(in.c == debug_port);
    guest.state.gpr[Edx] = 0x9990; // nobody's
    guest.done({ 0x66, 0xED });    // in ax, dx
    CHECK(guest.state.gpr[Eax] == 0x1234FFFF);
    guest.done({ 0xED });
    CHECK(guest.state.gpr[Eax] == 0xFFFFFFFF);
}

TEST_CASE("Outside IOPL the bitmap decides, for every byte of the access", "[emulator]")
{
    PortGuest guest;
    guest.enter_ring(3);
    CHECK(guest.faults({ 0xE6, debug_port }) == general_protection());
    guest.permit(debug_port, 1);
    guest.state.gpr[Eax] = '!';
    guest.done({ 0xE6, debug_port });
    CHECK(guest.debug_output == "!");
    CHECK(guest.faults({ 0x66, 0xE7, debug_port }) == general_protection()); // two ports, one of them allowed
    guest.state.tr.limit = 103;
    CHECK(guest.faults({ 0xE4, debug_port }) == general_protection());
    guest.state.eflags |= eflags::iopl;
    guest.done({ 0xE4, debug_port });
}

TEST_CASE("REP OUTS sends a string, wherever its segment is", "[emulator]")
{
    PortGuest guest;
    guest.put_text("hello");
    guest.state.segment(Fs).base = buffer_at - 0x100;
    guest.state.gpr[Esi] = 0x100;
    guest.state.gpr[Ecx] = 5;
    guest.state.gpr[Edx] = debug_port;
    auto outs = guest.done({ 0xF3, 0x64, 0x6E }); // rep outsb fs:[esi]
    CHECK(guest.debug_output == "hello");
    CHECK(guest.state.gpr[Ecx] == 0);
    CHECK(guest.state.gpr[Esi] == 0x105);
    CHECK(outs.kind == EventKind::PortWrite);
    CHECK(outs.c == 'o');
}

TEST_CASE("INS looks at its page before it reads the port", "[emulator]")
{
    PortGuest guest;
    guest.enable_paging();
    guest.set_page(buffer_at, buffer_at | 5); // read-only
    guest.state.gpr[Edi] = buffer_at;
    guest.state.gpr[Edx] = 0x60;
    CHECK(guest.faults({ 0x6C })
        == page_fault(page_fault_error::present | page_fault_error::write, Gla { buffer_at }));
    guest.set_page(buffer_at, buffer_at | 7);
    guest.state.gpr[Edx] = debug_port;
    auto ins = guest.done({ 0x6C });
    CHECK(guest.get<uint8_t>(buffer_at) == debug_port);
    CHECK(guest.state.gpr[Edi] == buffer_at + 1);
    CHECK(ins.kind == EventKind::PortRead);
}

TEST_CASE("INS without permission is #GP(0), whatever the page", "[emulator]")
{
    PortGuest guest;
    guest.enable_paging();
    guest.enter_ring(3);
    guest.unmap(buffer_at);
    guest.state.gpr[Edi] = buffer_at;
    guest.state.gpr[Edx] = debug_port;
    CHECK(guest.faults({ 0x6C }) == general_protection());
}
