// CLI, STI, HLT, PUSHF, POPF: the interrupt flag and who may change it.
#include "tests/unit/x86/emulated_guest.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

void set_iopl(CpuState& state, unsigned iopl)
{
    state.eflags = (state.eflags & ~eflags::iopl) | iopl << 12;
}

}

TEST_CASE("CLI and STI in ring 0 change IF and are exits", "[emulator]")
{
    EmulatedGuest guest;
    auto cli = guest.done({ 0xFA });
    CHECK_FALSE(guest.state.eflags & eflags::if_);
    CHECK(guest.state.eip == code_at + 1);
    CHECK(cli.kind == EventKind::InterruptFlag);
    CHECK(cli.a == 0);
    CHECK(cli.effects == effect::interrupts);
    auto sti = guest.done({ 0xFB });
    CHECK(guest.state.eflags & eflags::if_);
    CHECK(sti.a == 1);
}

TEST_CASE("The instruction behind an STI that opens the processor is in the interrupt shadow", "[emulator]")
{
    EmulatedGuest guest;
    guest.done({ 0xFA });
    guest.done({ 0xFB });
    CHECK(guest.state.interrupt_shadow);
    guest.done({ 0x90 });
    CHECK_FALSE(guest.state.interrupt_shadow);
    guest.done({ 0xFB }); // IF was set already
    CHECK_FALSE(guest.state.interrupt_shadow);
}

TEST_CASE("CLI and STI outside IOPL are #GP(0), inside they work", "[emulator]")
{
    EmulatedGuest guest;
    guest.enter_ring(3);
    CHECK(guest.faults({ 0xFA }) == general_protection());
    CHECK(guest.faults({ 0xFB }) == general_protection());
    set_iopl(guest.state, 3);
    guest.done({ 0xFA });
    CHECK_FALSE(guest.state.eflags & eflags::if_);
    guest.enter_ring(1);
    CHECK(guest.faults({ 0xFA }) == general_protection());
    set_iopl(guest.state, 1);
    guest.done({ 0xFA });
}

TEST_CASE("HLT waits in ring 0 and is #GP(0) elsewhere", "[emulator]")
{
    EmulatedGuest guest;
    guest.state.interrupt_shadow = true;
    auto halt = guest.emulate({ 0xF4 });
    CHECK(halt.outcome == Emulated::Outcome::Halted);
    CHECK(halt.kind == EventKind::Halt);
    CHECK(guest.state.halted);
    CHECK_FALSE(guest.state.interrupt_shadow);
    CHECK(guest.state.eip == code_at + 1);
    guest.state.halted = false;
    guest.enter_ring(3);
    CHECK(guest.faults({ 0xF4 }) == general_protection());
}

TEST_CASE("POPF changes IF and IOPL as far as the ring may, and never faults for it", "[emulator]")
{
    EmulatedGuest guest;
    constexpr uint32_t image = eflags::cf | eflags::iopl | eflags::ac | eflags::nt | eflags::rf | eflags::vm | eflags::vip;
    auto pop = [&](unsigned ring, unsigned iopl) {
        guest.enter_ring(ring);
        set_iopl(guest.state, iopl);
        guest.put<uint32_t>(guest.state.gpr[Esp], image);
        return guest.done({ 0x9D });
    };
    constexpr uint32_t plain = eflags::fixed | eflags::cf | eflags::ac | eflags::nt;
    auto as_kernel = pop(0, 0);
    CHECK(guest.state.eflags == (plain | eflags::iopl)); // IF off, IOPL 3
    CHECK(as_kernel.kind == EventKind::InterruptFlag);
    auto in_iopl = pop(3, 3);
    CHECK(guest.state.eflags == (plain | eflags::iopl)); // IF off, IOPL as it was
    CHECK(in_iopl.kind == EventKind::InterruptFlag);
    auto outside = pop(3, 2);
    CHECK(guest.state.eflags == (plain | eflags::if_ | 2 << 12));
    CHECK(outside.kind == EventKind::Count_);
    CHECK(guest.state.gpr[Esp] == user_stack + 4);
}

TEST_CASE("POPF with a 16-bit operand leaves the upper flags", "[emulator]")
{
    EmulatedGuest guest;
    guest.state.eflags |= eflags::ac;
    guest.put<uint32_t>(guest.state.gpr[Esp], 0);
    guest.done({ 0x66, 0x9D });
    CHECK(guest.state.eflags == (eflags::fixed | eflags::ac));
    CHECK(guest.state.gpr[Esp] == kernel_stack - 0x800 + 2);
}

TEST_CASE("PUSHF stores the flags without VM and RF", "[emulator]")
{
    EmulatedGuest guest;
    guest.state.eflags |= eflags::rf | eflags::ac;
    auto before = guest.state.eflags;
    guest.done({ 0x9C });
    CHECK(guest.stack(1)[0] == (before & ~eflags::rf));
    CHECK_FALSE(guest.state.eflags & eflags::rf); // any instruction clears it
}

TEST_CASE("In virtual-8086 mode CLI, STI, PUSHF and POPF need IOPL 3", "[emulator]")
{
    EmulatedGuest guest;
    guest.enter_ring(3);
    guest.state.eflags |= eflags::vm;
    for (auto which : { Es, Cs, Ss, Ds, Fs, Gs })
        guest.state.segment(which) = virtual_8086_segment(0x1000);
    guest.state.eip = 0x100;
    guest.state.gpr[Esp] = 0x800;
    auto instruction = GENERATE(as<uint8_t> {}, 0xFA, 0xFB, 0x9C, 0x9D, 0xCF);
    CAPTURE(instruction);
    set_iopl(guest.state, 2);
    CHECK(guest.faults({ instruction }) == general_protection());
    set_iopl(guest.state, 3);
    guest.put<uint16_t>(0x10800 + 4, eflags::fixed); // FLAGS of the frame for IRET
    guest.done({ instruction });
    CHECK(guest.state.virtual_8086());
    CHECK(guest.state.iopl() == 3);
}
