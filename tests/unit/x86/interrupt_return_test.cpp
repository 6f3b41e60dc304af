// IRET in all its forms.
#include "tests/unit/x86/emulated_guest.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

struct ReturnGuest : EmulatedGuest {
    void push_frame(std::initializer_list<uint32_t> items)
    {
        uint32_t at = state.gpr[Esp];
        for (uint32_t item : items) {
            put(at, item);
            at += 4;
        }
    }
};

constexpr uint32_t plain = eflags::fixed;

}

TEST_CASE("IRET within the ring restores EIP, CS and the flags, and lets NMIs in again", "[emulator]")
{
    ReturnGuest guest;
    guest.state.nmi_blocked = true;
    uint32_t esp = guest.state.gpr[Esp];
    guest.push_frame({ handler_at, code_0, plain | eflags::cf | eflags::iopl | eflags::rf | eflags::ac });
    auto iret = guest.done({ 0xCF });
    CHECK(guest.state.eip == handler_at);
    CHECK(guest.state.eflags == (plain | eflags::cf | eflags::iopl | eflags::rf | eflags::ac)); // IF off, RF on
    CHECK(guest.state.gpr[Esp] == esp + 12);
    CHECK_FALSE(guest.state.nmi_blocked);
    CHECK(iret.kind == EventKind::InterruptReturn);
    CHECK(iret.a == handler_at);
    CHECK(iret.b == code_0);
    CHECK(iret.effects == (effect::segments | effect::interrupts));
}

TEST_CASE("IRET to ring 3 restores its stack", "[emulator]")
{
    ReturnGuest guest;
    guest.push_frame({ handler_at, code_3, plain | eflags::if_, user_stack, data_3 });
    guest.done({ 0xCF });
    CHECK(guest.state.cpl() == 3);
    CHECK(guest.state.eip == handler_at);
    CHECK(guest.state.gpr[Esp] == user_stack);
    CHECK(guest.state.segment(Ss).selector == data_3);
    CHECK((guest.state.eflags & eflags::if_) != 0);
    CHECK(guest.state.segment(Ds) == Segment {}); // was ring 0's
}

TEST_CASE("IRET in ring 3 changes IF only within IOPL and IOPL never", "[emulator]")
{
    auto after = [](uint32_t iopl) {
        ReturnGuest guest;
        guest.enter_ring(3);
        guest.state.eflags |= iopl << 12;
        guest.push_frame({ handler_at, code_3, plain | (3 - iopl) << 12 | eflags::vip | eflags::vif });
        guest.done({ 0xCF });
        return guest.state.eflags;
    };
    CHECK(after(0) == (plain | eflags::if_));
    CHECK(after(3) == (plain | eflags::iopl));
}

TEST_CASE("IRET in ring 0 loads VIF and VIP", "[emulator]")
{
    ReturnGuest guest;
    guest.push_frame({ handler_at, code_0, plain | eflags::vif | eflags::vip });
    guest.done({ 0xCF });
    CHECK(guest.state.eflags == (plain | eflags::vif | eflags::vip));
}

TEST_CASE("A 16-bit IRET leaves the upper flags and clears RF", "[emulator]")
{
    ReturnGuest guest;
    guest.state.eflags |= eflags::ac | eflags::rf;
    uint32_t esp = guest.state.gpr[Esp];
    guest.put<uint16_t>(esp, 0x2340);
    guest.put<uint16_t>(esp + 2, code_0);
    guest.put<uint16_t>(esp + 4, static_cast<uint16_t>(plain | eflags::zf));
    guest.done({ 0x66, 0xCF });
    CHECK(guest.state.eip == 0x2340);
    CHECK(guest.state.eflags == (plain | eflags::zf | eflags::ac));
    CHECK(guest.state.gpr[Esp] == esp + 6);
}

TEST_CASE("What IRET finds on the stack is checked, and nothing changes when it is no good", "[emulator]")
{
    ReturnGuest guest;
    guest.push_frame({ handler_at, 0, plain });
    CHECK(guest.faults({ 0xCF }) == general_protection());
    guest.push_frame({ handler_at, data_0, plain });
    CHECK(guest.faults({ 0xCF }) == general_protection(data_0));
    guest.push_frame({ handler_at, code_3, plain, user_stack, data_0 });
    CHECK(guest.faults({ 0xCF }) == general_protection(data_0));
    guest.push_frame({ handler_at, code_3, plain, user_stack, 0 });
    CHECK(guest.faults({ 0xCF }) == general_protection());
    guest.set_gdt(spare, Descriptor::segment(0, 0xFFFFFFFF, flat_code_0 & ~not_present));
    guest.push_frame({ handler_at, spare, plain });
    CHECK(guest.faults({ 0xCF }) == fault_with_code(NP, spare));
    guest.set_gdt(spare, Descriptor::segment(0, 0xFFF, 0x409A));
    guest.push_frame({ handler_at, spare, plain });
    CHECK(guest.faults({ 0xCF }) == general_protection());
    guest.state.segment(Ss).limit = guest.state.gpr[Esp] + 10;
    CHECK(guest.faults({ 0xCF }) == fault_with_code(SS, 0));
}

TEST_CASE("IRET from a ring-3 program cannot reach ring 0", "[emulator]")
{
    ReturnGuest guest;
    guest.enter_ring(3);
    guest.push_frame({ handler_at, code_0, plain });
    CHECK(guest.faults({ 0xCF }) == general_protection(code_0));
}

TEST_CASE("IRET of ring 0 with VM enters virtual-8086 mode", "[emulator]")
{
    ReturnGuest guest;
    guest.push_frame({ 0x0123, 0x1000, plain | eflags::vm | eflags::if_, 0x0800, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000 });
    guest.done({ 0xCF });
    CHECK(guest.state.virtual_8086());
    CHECK(guest.state.cpl() == 3);
    CHECK(guest.state.eip == 0x123);
    CHECK(guest.state.gpr[Esp] == 0x800);
    CHECK(guest.state.segment(Cs).base == 0x10000);
    CHECK(guest.state.segment(Ss).base == 0x20000);
    CHECK(guest.state.segment(Es).base == 0x30000);
    CHECK(guest.state.segment(Gs).base == 0x60000);
    guest.enter_ring(0);
    guest.push_frame({ 0x10000, 0x1000, plain | eflags::vm, 0, 0, 0, 0, 0, 0 });
    CHECK(guest.faults({ 0xCF }) == general_protection()); // IP has 16 bits
}

TEST_CASE("IRET with NT returns to the task that the TSS links to", "[emulator]")
{
    ReturnGuest guest;
    Tss32 task {};
    task.eip = task_code_at;
    task.eflags = plain;
    task.segments = { data_0, code_0, data_0, data_0, data_0, data_0 };
    guest.put(task_tss_at, task);
    guest.set_gdt(task_selector, Descriptor::segment(task_tss_at, 103, busy_tss_32));
    guest.put<uint32_t>(tss_at, task_selector);
    guest.state.eflags |= eflags::nt;
    auto iret = guest.done({ 0xCF });
    CHECK(guest.state.eip == task_code_at);
    CHECK(guest.state.tr.selector == task_selector);
    CHECK((iret.effects & effect::task) != 0);
    CHECK(guest.gdt(tss_selector).is(SystemType::AvailableTss32));
    guest.put<uint32_t>(task_tss_at, data_0);
    guest.state.eflags |= eflags::nt;
    guest.state.eip = code_at;
    CHECK(guest.faults({ 0xCF }) == fault_with_code(TS, data_0));
}

TEST_CASE("IRET in real-address mode loads all flags", "[emulator]")
{
    ReturnGuest guest;
    guest.state.cr0 &= ~cr0::pe;
    guest.push_frame({ 0x234, 0x2000, plain | eflags::iopl });
    guest.done({ 0xCF });
    CHECK(guest.state.segment(Cs).base == 0x20000);
    CHECK(guest.state.eip == 0x234);
    CHECK(guest.state.eflags == (plain | eflags::iopl));
}
