// Interrupt and trap gates: what is pushed, where control goes, what becomes of EFLAGS.
#include "core/x86/delivery.hpp"

#include "tests/catch.hpp"
#include "tests/unit/x86/test_guest.hpp"

using namespace ringside;
using namespace ringside::test;
using Items = std::vector<uint32_t>;

namespace {

constexpr uint32_t user_flags = eflags::fixed | eflags::if_ | eflags::cf;

struct Gates : TestGuest {
    Gates() { fill_idt(); }
    void run_in_ring_3()
    {
        enter_ring(3);
        state.eflags = user_flags;
    }
    Delivery interrupt(uint8_t vector) { return deliver(state, memory, hardware_interrupt(state, vector)); }
};

}

TEST_CASE("An interrupt from ring 3 switches to the ring-0 stack and pushes five doublewords", "[delivery]")
{
    Gates guest;
    guest.run_in_ring_3();
    auto result = guest.interrupt(32);
    CHECK(result.outcome == Delivery::Outcome::Delivered);
    CHECK(result.from_ring == 3);
    CHECK(result.to_ring == 0);
    CHECK(result.vector == 32);
    CHECK_FALSE(result.has_error_code);
    CHECK(result.chain().size() == 1);

    CHECK(guest.state.cpl() == 0);
    CHECK(guest.state.eip == Gates::handler_of(32));
    CHECK(guest.state.segment(Cs).selector == code_0);
    CHECK(guest.state.segment(Ss).selector == data_0);
    CHECK(guest.state.segment(Ds).selector == data_3); // data registers stay
    CHECK(guest.state.gpr[Esp] == kernel_stack - 20);
    CHECK(guest.stack(5) == Items { code_at, code_3, user_flags, user_stack, data_3 });
}

TEST_CASE("An interrupt in ring 0 stays on its stack and pushes three doublewords", "[delivery]")
{
    Gates guest;
    uint32_t esp = guest.state.gpr[Esp];
    auto result = guest.interrupt(32);
    CHECK(result.from_ring == 0);
    CHECK(result.to_ring == 0);
    CHECK(guest.state.gpr[Esp] == esp - 12);
    CHECK(guest.stack(3) == Items { code_at, code_0, eflags::fixed | eflags::if_ });
}

TEST_CASE("The error code is pushed last", "[delivery]")
{
    Gates guest;
    guest.run_in_ring_3();
    auto result = deliver(guest.state, guest.memory, exception_event(guest.state, PF, 7, 0xDEAD0000));
    CHECK(result.has_error_code);
    CHECK(result.error_code == 7);
    CHECK(guest.state.gpr[Esp] == kernel_stack - 24);
    CHECK(guest.stack(3) == Items { 7, code_at, code_3 });
    CHECK(guest.state.cr2 == 0xDEAD0000);
}

TEST_CASE("An interrupt gate clears IF, a trap gate leaves it, both clear TF, NT and RF", "[delivery]")
{
    Gates guest;
    guest.set_gate(33, Descriptor::gate(Selector { code_0 }, handler_at, trap_gate));
    uint8_t vector = GENERATE(uint8_t { 32 }, uint8_t { 33 });
    guest.state.eflags = eflags::fixed | eflags::if_ | eflags::tf | eflags::nt | eflags::rf | eflags::iopl | eflags::ac;
    uint32_t before = guest.state.eflags;
    guest.interrupt(vector);
    uint32_t kept = eflags::fixed | eflags::iopl | eflags::ac;
    CHECK(guest.state.eflags == (vector == 33 ? kept | eflags::if_ : kept));
    CHECK(guest.stack(3)[2] == before);
}

TEST_CASE("A 16-bit gate pushes words and enters with a 16-bit offset", "[delivery]")
{
    Gates guest;
    auto attributes = GENERATE(interrupt_gate_16, trap_gate_16);
    guest.set_gate(32, Descriptor::gate(Selector { code_0 }, 0xABCD2340, attributes));
    guest.run_in_ring_3();
    guest.interrupt(32);
    CHECK(guest.state.eip == 0x2340);
    CHECK(guest.state.gpr[Esp] == kernel_stack - 10);
    CHECK(guest.stack<uint16_t>(5) == Items { code_at & 0xFFFF, code_3, user_flags, user_stack & 0xFFFF, data_3 });
    CHECK((guest.state.eflags & eflags::if_) == (attributes == trap_gate_16 ? eflags::if_ : 0u));
}

TEST_CASE("A 16-bit gate pushes the error code as a word", "[delivery]")
{
    Gates guest;
    guest.set_gate(GP, Descriptor::gate(Selector { code_0 }, handler_at, interrupt_gate_16));
    guest.run_in_ring_3();
    deliver(guest.state, guest.memory, exception_event(guest.state, GP, 0x58));
    CHECK(guest.state.gpr[Esp] == kernel_stack - 12);
    CHECK(guest.stack<uint16_t>(1) == Items { 0x58 });
}

TEST_CASE("The inner stack comes from a 16-bit TSS as well", "[delivery]")
{
    Gates guest;
    Tss16 tss {};
    tss.stacks[0] = { 0x7000, data_0 };
    guest.put(tss_at, tss);
    guest.state.tr = { tss_selector, busy_tss_16, tss_at, 43 };
    guest.run_in_ring_3();
    guest.interrupt(32);
    CHECK(guest.state.gpr[Esp] == 0x7000 - 20);
    CHECK(guest.stack(2) == Items { code_at, code_3 });
}

TEST_CASE("A handler in ring 1 gets the ring-1 stack", "[delivery]")
{
    Gates guest;
    guest.set_gate(32, Descriptor::gate(Selector { code_1 & ~3 }, handler_at, interrupt_gate));
    guest.run_in_ring_3();
    auto result = guest.interrupt(32);
    CHECK(result.to_ring == 1);
    CHECK(guest.state.segment(Cs).selector == code_1); // the RPL of CS is the CPL, whatever the gate says
    CHECK(guest.state.segment(Ss).selector == data_1);
    CHECK(guest.state.gpr[Esp] == ring_1_stack - 20);
}

TEST_CASE("From ring 1 a ring-0 handler gets the ring-0 stack", "[delivery]")
{
    Gates guest;
    guest.enter_ring(1);
    auto result = guest.interrupt(32);
    CHECK(result.from_ring == 1);
    CHECK(result.to_ring == 0);
    CHECK(guest.stack(5) == Items { code_at, code_1, eflags::fixed | eflags::if_, ring_1_stack, data_1 });
}

TEST_CASE("A conforming handler runs in the ring that it interrupts, on its stack", "[delivery]")
{
    Gates guest;
    guest.set_gate(32, Descriptor::gate(Selector { conforming_code }, handler_at, interrupt_gate));
    guest.run_in_ring_3();
    auto result = guest.interrupt(32);
    CHECK(result.to_ring == 3);
    CHECK(guest.state.segment(Cs).selector == (conforming_code | 3));
    CHECK(guest.state.segment(Ss).selector == data_3);
    CHECK(guest.state.gpr[Esp] == user_stack - 12);
    CHECK(guest.stack(3) == Items { code_at, code_3, user_flags });
}

TEST_CASE("INT n pushes the next instruction and needs a gate of its ring", "[delivery]")
{
    Gates guest;
    guest.set_gate(0x80, Descriptor::gate(Selector { code_0 }, handler_at, interrupt_gate | user_gate));
    guest.run_in_ring_3();
    SECTION("allowed")
    {
        auto result = deliver(guest.state, guest.memory, software_interrupt(guest.state, 0x80));
        CHECK(result.vector == 0x80);
        CHECK(guest.stack(1) == Items { code_at + 2 });
    }
    SECTION("refused: #GP without EXT, at the INT itself")
    {
        auto result = deliver(guest.state, guest.memory, software_interrupt(guest.state, 0x81));
        CHECK(result.vector == GP);
        CHECK(result.error_code == (0x81 * 8 | 2));
        CHECK(result.chain().size() == 2);
        CHECK(guest.stack(2) == Items { 0x81 * 8 | 2, code_at });
    }
}

TEST_CASE("INT3 and INTO need a gate of their ring, INT1 and exceptions do not", "[delivery]")
{
    Gates guest;
    guest.run_in_ring_3();
    auto deliver_as = [&](EventType type, uint8_t vector) {
        return deliver(guest.state, guest.memory, { type, vector, false, 0, 0, guest.state.eip + 1, 0 }).vector;
    };
    SECTION("INT3")
    {
        CHECK(deliver_as(EventType::SoftwareException, BP) == GP);
    }
    SECTION("INTO")
    {
        CHECK(deliver_as(EventType::SoftwareException, OF) == GP);
    }
    SECTION("INT1")
    {
        CHECK(deliver_as(EventType::PrivilegedSoftwareException, DB) == DB);
    }
    SECTION("an exception")
    {
        CHECK(deliver_as(EventType::HardwareException, UD) == UD);
    }
    SECTION("INT3 through a gate of ring 3")
    {
        guest.set_gate(BP, Descriptor::gate(Selector { code_0 }, handler_at, interrupt_gate | user_gate));
        CHECK(deliver_as(EventType::SoftwareException, BP) == BP);
        CHECK(guest.stack(1) == Items { code_at + 1 });
    }
}

TEST_CASE("Delivery marks the segments that it loads as accessed", "[delivery]")
{
    Gates guest;
    guest.run_in_ring_3();
    guest.interrupt(32);
    CHECK(guest.gdt(code_0).attributes() == (flat_code_0 | 1));
    CHECK(guest.gdt(data_0).attributes() == (flat_data_0 | 1));
    CHECK(guest.state.segment(Cs).attributes == (flat_code_0 | 1));
    CHECK(guest.state.segment(Ss).attributes == (flat_data_0 | 1));
}

TEST_CASE("Delivery ends HLT and the interrupt shadow", "[delivery]")
{
    Gates guest;
    guest.state.halted = guest.state.interrupt_shadow = true;
    guest.interrupt(32);
    CHECK_FALSE(guest.state.halted);
    CHECK_FALSE(guest.state.interrupt_shadow);
    CHECK_FALSE(guest.state.nmi_blocked);
}

TEST_CASE("An NMI blocks further ones", "[delivery]")
{
    Gates guest;
    auto result = deliver(guest.state, guest.memory, { EventType::Nmi, NMI, false, 0, 0, guest.state.eip, 0 });
    CHECK(result.vector == NMI);
    CHECK(guest.state.nmi_blocked);
}

TEST_CASE("INT 2 is not an NMI and INT 14 is not a page fault", "[delivery]")
{
    Gates guest;
    guest.state.cr2 = 0x1234;
    deliver(guest.state, guest.memory, software_interrupt(guest.state, NMI));
    CHECK_FALSE(guest.state.nmi_blocked);
    deliver(guest.state, guest.memory, software_interrupt(guest.state, PF));
    CHECK(guest.state.cr2 == 0x1234);
}

TEST_CASE("A debug exception reports in DR6 and ends general detection", "[delivery]")
{
    Gates guest;
    guest.state.dr[6] = 0xFFFF0FF1;
    guest.state.dr[7] = 0x2400;
    auto event = exception_event(guest.state, DB);
    event.debug_status = 1 << 14; // BS
    deliver(guest.state, guest.memory, event);
    CHECK(guest.state.dr[6] == 0xFFFF4FF0); // B0 is of the earlier exception
    CHECK(guest.state.dr[7] == 0x400);
}

TEST_CASE("RF in the pushed EFLAGS is set by faults only", "[delivery]")
{
    Gates guest;
    auto pushed_rf = [&](EventType type, uint8_t vector, bool before) {
        guest.enter_ring(0);
        guest.state.eflags |= before ? eflags::rf : 0;
        bool code = type == EventType::HardwareException && (vector == GP || vector == DF);
        deliver(guest.state, guest.memory, { type, vector, code, 0, 0, guest.state.eip, 0 });
        return (guest.stack(4)[code ? 3 : 2] & eflags::rf) != 0;
    };
    CHECK(pushed_rf(EventType::HardwareException, UD, false));
    CHECK(pushed_rf(EventType::HardwareException, GP, false));
    CHECK_FALSE(pushed_rf(EventType::HardwareException, DB, false)); // a trap keeps it
    CHECK(pushed_rf(EventType::HardwareException, DB, true));
    CHECK_FALSE(pushed_rf(EventType::HardwareException, DF, false)); // an abort
    CHECK_FALSE(pushed_rf(EventType::ExternalInterrupt, 32, false));
    CHECK(pushed_rf(EventType::ExternalInterrupt, 32, true));
    CHECK_FALSE(pushed_rf(EventType::SoftwareInterrupt, 32, true));
    CHECK_FALSE(pushed_rf(EventType::SoftwareException, BP, true));
}

TEST_CASE("A frame across a page boundary reaches both pages", "[delivery]")
{
    Gates guest;
    guest.enable_paging();
    guest.set_page(kernel_stack - page_size, 0x60000 | 7);
    guest.set_page(kernel_stack, 0x70000 | 7);
    guest.put(tss_at + 4, kernel_stack + 8);
    guest.run_in_ring_3();
    guest.interrupt(32);
    CHECK(guest.state.gpr[Esp] == kernel_stack - 12);
    CHECK(guest.get<uint32_t>(0x70004) == data_3);
    CHECK(guest.get<uint32_t>(0x70000) == user_stack);
    CHECK(guest.get<uint32_t>(0x60FFC) == user_flags);
    CHECK(guest.get<uint32_t>(0x60FF4) == code_at);
}

TEST_CASE("SP wraps within a 16-bit stack and the upper half of ESP stays", "[delivery]")
{
    Gates guest;
    guest.set_gdt(spare, Descriptor::segment(0x30000, 0xFFFF, 0x0092));
    guest.state.segment(Ss) = guest.gdt(spare).segment_register(Selector { spare });
    guest.state.gpr[Esp] = 0xABCD0004;
    guest.interrupt(32);
    CHECK(guest.state.gpr[Esp] == 0xABCDFFF8);
    CHECK(guest.get<uint32_t>(0x30000) == (eflags::fixed | eflags::if_));
    CHECK(guest.get<uint32_t>(0x3FFFC) == code_0);
    CHECK(guest.get<uint32_t>(0x3FFF8) == code_at);
}

TEST_CASE("A stack outside RAM swallows the frame", "[delivery]")
{
    Gates guest;
    guest.put(tss_at + 4, uint32_t { 0xD0000000 });
    guest.run_in_ring_3();
    CHECK(guest.interrupt(32).outcome == Delivery::Outcome::Delivered);
    CHECK(guest.state.gpr[Esp] == 0xD0000000 - 20);
    CHECK(guest.state.eip == Gates::handler_of(32));
}
