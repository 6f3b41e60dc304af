// Leaving virtual-8086 mode by an interrupt (SDM 3B §20.3), and real-address mode (§20.1.4).
#include "core/x86/delivery.hpp"
#include "core/x86/segments.hpp"

#include "tests/catch.hpp"
#include "tests/unit/x86/test_guest.hpp"

using namespace ringside;
using namespace ringside::test;
using Items = std::vector<uint32_t>;

namespace {

struct Virtual8086 : TestGuest {
    Virtual8086()
    {
        fill_idt();
        state.eflags = eflags::fixed | eflags::if_ | eflags::vm;
        uint16_t selector = 0x1000;
        for (auto which : { Es, Cs, Ss, Ds, Fs, Gs })
            state.segment(which) = virtual_8086_segment(selector++); // Es 0x1000, Cs 0x1001, Ss 0x1002 ...
        state.gpr[Esp] = 0xFFFE;
        state.eip = 0x100;
    }
};

struct RealMode : TestGuest {
    RealMode()
    {
        state = CpuState {};
        state.idtr = { 0, 0x3FF };
        for (auto which : { Es, Cs, Ss, Ds, Fs, Gs })
            state.segment(which) = { 0x1000, 0x93, 0x10000, 0xFFFF };
        state.gpr[Esp] = 0x8000;
        state.eip = 0x0100;
        state.eflags = eflags::fixed | eflags::if_ | eflags::tf | eflags::cf | eflags::ac | eflags::rf;
        for (uint32_t vector = 0; vector < 256; ++vector)
            put(vector * 4, 0x20000000 | vector << 4);
    }
};

}

TEST_CASE("From virtual-8086 mode the data segments are pushed first, and then null", "[virtual-8086]")
{
    Virtual8086 guest;
    auto result = deliver(guest.state, guest.memory, hardware_interrupt(guest.state, 32));
    CHECK(result.from_ring == 3);
    CHECK(result.to_ring == 0);
    CHECK(guest.state.gpr[Esp] == kernel_stack - 36);
    CHECK(guest.stack(9)
        == Items {
            0x100, 0x1001, eflags::fixed | eflags::if_ | eflags::vm, 0xFFFE, 0x1002, 0x1000, 0x1003, 0x1004, 0x1005 });
    CHECK(guest.state.eflags == eflags::fixed);
    CHECK(guest.state.segment(Cs).selector == code_0);
    CHECK(guest.state.segment(Ss).selector == data_0);
    for (auto which : { Ds, Es, Fs, Gs })
        CHECK(guest.state.segment(which) == Segment {});
}

TEST_CASE("A 16-bit gate pushes the virtual-8086 frame as words, with its error code", "[virtual-8086]")
{
    Virtual8086 guest;
    guest.set_gate(GP, Descriptor::gate(Selector { code_0 }, handler_at, interrupt_gate_16));
    deliver(guest.state, guest.memory, exception_event(guest.state, GP, 0));
    CHECK(guest.state.gpr[Esp] == kernel_stack - 20);
    CHECK(guest.stack<uint16_t>(4) == Items { 0, 0x100, 0x1001, eflags::fixed | eflags::if_ });
    CHECK(guest.stack<uint16_t>(10)[9] == 0x1005);
}

TEST_CASE("Only a nonconforming ring-0 handler serves virtual-8086 mode", "[virtual-8086]")
{
    Virtual8086 guest;
    uint16_t handler = GENERATE(as<uint16_t> {}, conforming_code, code_1 & ~3, code_3 & ~3);
    guest.set_gate(32, Descriptor::gate(Selector { handler }, handler_at, interrupt_gate));
    auto result = deliver(guest.state, guest.memory, hardware_interrupt(guest.state, 32));
    CHECK(result.vector == GP);
    CHECK(result.error_code == (handler | selector_error::external));
}

TEST_CASE("INT n in virtual-8086 mode needs IOPL 3, and then a gate of ring 3", "[virtual-8086]")
{
    Virtual8086 guest;
    guest.set_gate(0x21, Descriptor::gate(Selector { code_0 }, handler_at, interrupt_gate | user_gate));
    SECTION("IOPL 2")
    {
        guest.state.eflags |= 2 << 12;
        auto result = deliver(guest.state, guest.memory, software_interrupt(guest.state, 0x21));
        CHECK(result.vector == GP);
        CHECK(result.error_code == 0);
        CHECK(guest.stack(2) == Items { 0, 0x100 });
    }
    SECTION("IOPL 3")
    {
        guest.state.eflags |= eflags::iopl;
        CHECK(deliver(guest.state, guest.memory, software_interrupt(guest.state, 0x21)).vector == 0x21);
        CHECK(guest.stack(1) == Items { 0x102 });
    }
    SECTION("IOPL 3, gate of ring 0")
    {
        guest.state.eflags |= eflags::iopl;
        auto result = deliver(guest.state, guest.memory, software_interrupt(guest.state, 0x22));
        CHECK(result.vector == GP);
        CHECK(result.error_code == (0x22 * 8 | 2));
    }
}

TEST_CASE("INT3 in virtual-8086 mode does not ask for IOPL", "[virtual-8086]")
{
    Virtual8086 guest;
    guest.set_gate(BP, Descriptor::gate(Selector { code_0 }, handler_at, interrupt_gate | user_gate));
    Event event { EventType::SoftwareException, BP, false, 0, 0, 0x101, 0 };
    CHECK(deliver(guest.state, guest.memory, event).vector == BP);
}

TEST_CASE("Real-address mode pushes three words and goes through the vector table", "[real-mode]")
{
    RealMode guest;
    auto result = deliver(guest.state, guest.memory, hardware_interrupt(guest.state, 8));
    CHECK(result.outcome == Delivery::Outcome::Delivered);
    CHECK(result.to_ring == 0);
    CHECK(guest.state.eip == 0x80);
    CHECK(guest.state.segment(Cs).selector == 0x2000);
    CHECK(guest.state.segment(Cs).base == 0x20000);
    CHECK(guest.state.gpr[Esp] == 0x7FFA);
    CHECK(guest.stack<uint16_t>(3) == Items { 0x100, 0x1000, eflags::fixed | eflags::if_ | eflags::tf | eflags::cf });
    CHECK(guest.state.eflags == (eflags::fixed | eflags::cf));
}

TEST_CASE("Real-address mode pushes no error code", "[real-mode]")
{
    RealMode guest;
    auto event = exception_event(guest.state, GP);
    auto result = deliver(guest.state, guest.memory, event);
    CHECK_FALSE(result.has_error_code);
    CHECK(guest.state.gpr[Esp] == 0x7FFA);
}

TEST_CASE("The vector table lies where IDTR says", "[real-mode]")
{
    RealMode guest;
    guest.state.idtr = { 0x5000, 0x3FF };
    guest.put(0x5000 + 8 * 4, uint32_t { 0x30000040 });
    deliver(guest.state, guest.memory, hardware_interrupt(guest.state, 8));
    CHECK(guest.state.segment(Cs).selector == 0x3000);
    CHECK(guest.state.eip == 0x40);
}

TEST_CASE("A short vector table leads to #GP, then #DF, then shutdown", "[real-mode]")
{
    RealMode guest;
    SECTION("#GP fits")
    {
        guest.state.idtr.limit = 0x7F;
        CHECK(deliver(guest.state, guest.memory, hardware_interrupt(guest.state, 32)).vector == GP);
    }
    SECTION("only #DF fits")
    {
        guest.state.idtr.limit = 8 * 4 + 3;
        CHECK(deliver(guest.state, guest.memory, hardware_interrupt(guest.state, 32)).vector == DF);
    }
    SECTION("not even that")
    {
        guest.state.idtr.limit = 8 * 4 + 2;
        auto result = deliver(guest.state, guest.memory, hardware_interrupt(guest.state, 32));
        CHECK(result.outcome == Delivery::Outcome::TripleFault);
        CHECK(describe_chain(result).find("(0x") == std::string::npos); // no error codes
    }
}

TEST_CASE("In real-address mode SP wraps, and an odd SP of one is a stack fault", "[real-mode]")
{
    RealMode guest;
    guest.state.gpr[Esp] = 2;
    deliver(guest.state, guest.memory, hardware_interrupt(guest.state, 8));
    CHECK(guest.state.gpr[Esp] == 0xFFFC);
    CHECK(guest.get<uint16_t>(0x1FFFC) == 0x100);
    guest.state.gpr[Esp] = 1;
    guest.state.segment(Ss).limit = 0xFFFE; // nor does the wrapped word fit
    CHECK(deliver(guest.state, guest.memory, hardware_interrupt(guest.state, 9)).outcome
        == Delivery::Outcome::TripleFault);
}
