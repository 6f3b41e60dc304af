// Loading and storing segment registers.
#include "tests/unit/x86/emulated_guest.hpp"

using namespace ringside;
using namespace ringside::test;

TEST_CASE("MOV to a data segment reads the guest's table and is an exit", "[emulator]")
{
    EmulatedGuest guest;
    guest.state.gpr[Eax] = 0xFFFF0000 | data_3;
    auto load = guest.done({ 0x8E, 0xD8 }); // mov ds, ax
    CHECK(guest.state.segment(Ds).selector == data_3);
    CHECK(guest.state.segment(Ds).dpl() == 3);
    CHECK(guest.gdt(data_3).type() == (flat_data_3 & 0xF) + segment_type::accessed);
    CHECK(load.kind == EventKind::SegmentLoad);
    CHECK(load.a == data_3);
    CHECK(load.b == Ds);
    CHECK(load.effects == effect::segments);
    CHECK_FALSE(guest.state.interrupt_shadow);
}

TEST_CASE("Loading SS keeps interrupts out for one instruction", "[emulator]")
{
    EmulatedGuest guest;
    guest.state.gpr[Eax] = data_0;
    auto load = guest.done({ 0x8E, 0xD0 });
    CHECK(guest.state.interrupt_shadow);
    CHECK(load.effects == (effect::segments | effect::interrupts));
    guest.done({ 0x90 });
    CHECK_FALSE(guest.state.interrupt_shadow);
    guest.put<uint32_t>(guest.state.gpr[Esp], data_0);
    guest.done({ 0x17 }); // pop ss
    CHECK(guest.state.interrupt_shadow);
    guest.state.gpr[Ebx] = 0x40000;
    guest.put<uint32_t>(0x40000, kernel_stack);
    guest.put<uint16_t>(0x40004, data_0);
    guest.done({ 0x0F, 0xB2, 0x23 }); // lss esp, [ebx]: loads both, needs no shadow
    CHECK_FALSE(guest.state.interrupt_shadow);
    CHECK(guest.state.gpr[Esp] == kernel_stack);
}

TEST_CASE("A selector that is no good faults and nothing is loaded", "[emulator]")
{
    EmulatedGuest guest;
    auto mov_ds = [&](uint32_t selector) {
        guest.state.gpr[Eax] = selector;
        return guest.faults({ 0x8E, 0xD8 });
    };
    CHECK(mov_ds(0x80) == general_protection(0x80));
    CHECK(mov_ds(tss_selector) == general_protection(tss_selector));
    guest.set_gdt(spare, Descriptor::segment(0, 0xFFFFFFFF, flat_data_0 & ~not_present));
    CHECK(mov_ds(spare) == fault_with_code(NP, spare));
    guest.state.gpr[Eax] = data_3;
    CHECK(guest.faults({ 0x8E, 0xD0 }) == general_protection(data_3 & ~3u)); // mov ss
    guest.state.gpr[Eax] = 0;
    CHECK(guest.faults({ 0x8E, 0xD0 }) == general_protection());
    CHECK(guest.faults({ 0x8E, 0xC8 }) == fault_without_code(UD)); // mov cs
}

TEST_CASE("POP of a segment register moves ESP only when it is loaded", "[emulator]")
{
    EmulatedGuest guest;
    guest.put<uint32_t>(guest.state.gpr[Esp], 0xABCD0000 | data_3);
    uint32_t esp = guest.state.gpr[Esp];
    guest.done({ 0x0F, 0xA1 }); // pop fs
    CHECK(guest.state.segment(Fs).selector == data_3);
    CHECK(guest.state.gpr[Esp] == esp + 4);
    guest.put<uint32_t>(guest.state.gpr[Esp], 0x80);
    CHECK(guest.faults({ 0x0F, 0xA1 }) == general_protection(0x80));
}

TEST_CASE("Selectors are stored as 16 bits in memory, zero-extended in registers and on the stack", "[emulator]")
{
    EmulatedGuest guest;
    guest.state.gpr[Eax] = 0xFFFFFFFF;
    guest.done({ 0x8C, 0xC8 }); // mov eax, cs
    CHECK(guest.state.gpr[Eax] == code_0);
    guest.state.gpr[Ebx] = 0x40000;
    guest.put<uint32_t>(0x40000, 0xFFFFFFFF);
    CHECK(guest.done({ 0x8C, 0x0B }).kind == EventKind::Count_); // mov [ebx], cs
    CHECK(guest.get<uint32_t>(0x40000) == (0xFFFF0000 | code_0));
    guest.done({ 0x0E }); // push cs
    CHECK(guest.stack(1)[0] == code_0);
}

TEST_CASE("A far pointer loads the segment first: if that faults the register keeps its value", "[emulator]")
{
    EmulatedGuest guest;
    guest.state.gpr[Ebx] = 0x40000;
    guest.put<uint32_t>(0x40000, 0x12345678);
    guest.put<uint16_t>(0x40004, 0x80);
    CHECK(guest.faults({ 0xC4, 0x03 }) == general_protection(0x80)); // les eax, [ebx]
    guest.put<uint16_t>(0x40004, data_3);
    auto les = guest.done({ 0xC4, 0x03 });
    CHECK(guest.state.gpr[Eax] == 0x12345678);
    CHECK(guest.state.segment(Es).selector == data_3);
    CHECK(les.effects == effect::segments);
}

TEST_CASE("In real-address mode a selector is a base", "[emulator]")
{
    EmulatedGuest guest;
    guest.state.cr0 &= ~cr0::pe;
    guest.state.gpr[Eax] = 0x1234;
    guest.done({ 0x8E, 0xC0 }); // mov es, ax
    CHECK(guest.state.segment(Es).base == 0x12340);
    CHECK(guest.state.segment(Es).selector == 0x1234);
}
