// LGDT, LIDT, LLDT, LTR and what stores them; LAR, LSL, VERR, VERW, ARPL.
#include "tests/unit/x86/emulated_guest.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr uint32_t operand_at = 0x40000;

struct TableGuest : EmulatedGuest {
    TableGuest()
    {
        state.gpr[Ebx] = operand_at;
        put<uint16_t>(operand_at, 0x1234);
        put<uint32_t>(operand_at + 2, 0xAABBCCDD);
    }
};

bool zero(const CpuState& state)
{
    return state.eflags & eflags::zf;
}

}

TEST_CASE("LGDT and LIDT load base and limit; a 16-bit operand size cuts the base to 24 bits", "[emulator]")
{
    TableGuest guest;
    auto lidt = guest.done({ 0x0F, 0x01, 0x1B });
    CHECK(guest.state.idtr == DescriptorTable { 0xAABBCCDD, 0x1234 });
    CHECK(lidt.kind == EventKind::DescriptorTableLoad);
    CHECK(lidt.a == 0xAABBCCDD);
    CHECK(lidt.b == 0x1234);
    CHECK(lidt.c == 1);
    auto lgdt = guest.done({ 0x66, 0x0F, 0x01, 0x13 });
    CHECK(guest.state.gdtr == DescriptorTable { 0xBBCCDD, 0x1234 });
    CHECK(lgdt.c == 0);
    guest.enter_ring(3);
    CHECK(guest.faults({ 0x0F, 0x01, 0x13 }) == general_protection());
    CHECK(guest.faults({ 0x0F, 0x01, 0x1B }) == general_protection());
}

TEST_CASE("SGDT and SIDT store the guest's tables in any ring", "[emulator]")
{
    TableGuest guest;
    guest.enter_ring(3);
    guest.state.gpr[Ebx] = operand_at;
    auto sgdt = guest.done({ 0x0F, 0x01, 0x03 });
    CHECK(guest.get<uint16_t>(operand_at) == 0x7F);
    CHECK(guest.get<uint32_t>(operand_at + 2) == gdt_at);
    CHECK(sgdt.kind == EventKind::DescriptorTableStore);
    CHECK(sgdt.a == gdt_at);
    guest.done({ 0x0F, 0x01, 0x0B });
    CHECK(guest.get<uint32_t>(operand_at + 2) == idt_at);
}

TEST_CASE("SGDT into a page that is not there stores nothing", "[emulator]")
{
    TableGuest guest;
    guest.enable_paging();
    guest.unmap(operand_at + page_size);
    guest.state.gpr[Ebx] = operand_at + page_size - 2;
    guest.put<uint16_t>(operand_at + page_size - 2, 0x5555);
    CHECK(guest.faults({ 0x0F, 0x01, 0x03 }) == page_fault(page_fault_error::write, Gla { operand_at + page_size }));
    CHECK(guest.get<uint16_t>(operand_at + page_size - 2) == 0x5555);
}

TEST_CASE("LLDT and LTR load what their selectors name", "[emulator]")
{
    EmulatedGuest guest;
    guest.state.gpr[Eax] = ldt_selector;
    auto lldt = guest.done({ 0x0F, 0x00, 0xD0 });
    CHECK(guest.state.ldtr.base == ldt_at);
    CHECK(lldt.a == ldt_at);
    CHECK(lldt.c == 2);
    guest.state.gpr[Eax] = 0;
    guest.done({ 0x0F, 0x00, 0xD0 });
    CHECK_FALSE(guest.state.ldtr.is_present());
    guest.state.gpr[Eax] = task_selector;
    auto ltr = guest.done({ 0x0F, 0x00, 0xD8 });
    CHECK(guest.state.tr.base == task_tss_at);
    CHECK(guest.gdt(task_selector).is(SystemType::BusyTss32));
    CHECK(ltr.c == 3);
    CHECK(guest.faults({ 0x0F, 0x00, 0xD8 }) == general_protection(task_selector)); // busy now
    guest.state.gpr[Eax] = data_0;
    CHECK(guest.faults({ 0x0F, 0x00, 0xD0 }) == general_protection(data_0));
    guest.enter_ring(3);
    CHECK(guest.faults({ 0x0F, 0x00, 0xD0 }) == general_protection());
    CHECK(guest.faults({ 0x0F, 0x00, 0xD8 }) == general_protection());
}

TEST_CASE("Instructions about selectors are undefined in real-address mode", "[emulator]")
{
    EmulatedGuest guest;
    guest.state.cr0 &= ~cr0::pe;
    auto second = GENERATE(as<uint8_t> {}, 0xC0 /* sldt */, 0xC8 /* str */, 0xD0 /* lldt */, 0xD8 /* ltr */,
        0xE0 /* verr */, 0xE8 /* verw */);
    CHECK(guest.faults({ 0x0F, 0x00, second }) == fault_without_code(UD));
    CHECK(guest.faults({ 0x0F, 0x02, 0xC1 }) == fault_without_code(UD)); // lar
    CHECK(guest.faults({ 0x63, 0xC8 }) == fault_without_code(UD));       // arpl
}

TEST_CASE("SLDT and STR show the guest's selectors: zero-extended in a register, 16 bits in memory", "[emulator]")
{
    EmulatedGuest guest;
    guest.enter_ring(3);
    guest.state.ldtr.selector = ldt_selector;
    guest.state.gpr[Eax] = 0xFFFFFFFF;
    guest.done({ 0x0F, 0x00, 0xC8 }); // str eax
    CHECK(guest.state.gpr[Eax] == tss_selector);
    guest.state.gpr[Ebx] = operand_at;
    guest.put<uint32_t>(operand_at, 0xFFFFFFFF);
    guest.done({ 0x0F, 0x00, 0x03 }); // sldt [ebx]
    CHECK(guest.get<uint32_t>(operand_at) == (0xFFFF0000 | ldt_selector));
}

TEST_CASE("LAR and LSL answer by ring, type and table", "[emulator]")
{
    EmulatedGuest guest;
    auto lar = [&](uint16_t selector) {
        guest.state.gpr[Ecx] = selector;
        guest.state.gpr[Eax] = 0x11111111;
        guest.state.eip = code_at;
        guest.done({ 0x0F, 0x02, 0xC1 });
        return zero(guest.state);
    };
    CHECK(lar(code_0));
    CHECK(guest.state.gpr[Eax] == 0x00C09A00);
    CHECK(lar(tss_selector)); // busy
    CHECK_FALSE(lar(0));
    CHECK(guest.state.gpr[Eax] == 0x11111111);
    CHECK_FALSE(lar(0x80)); // beyond the GDT
    guest.set_gdt(spare, Descriptor::gate(Selector { code_0 }, 0, interrupt_gate));
    CHECK_FALSE(lar(spare));
    guest.enter_ring(3);
    CHECK_FALSE(lar(code_0));
    CHECK(lar(code_3));
    CHECK(lar(conforming_code));

    guest.state.gpr[Ecx] = data_3;
    guest.done({ 0x0F, 0x03, 0xC1 }); // lsl eax, ecx
    CHECK(zero(guest.state));
    CHECK(guest.state.gpr[Eax] == 0xFFFFFFFF);
}

TEST_CASE("A page fault of the table is one for LAR too", "[emulator]")
{
    EmulatedGuest guest;
    guest.enable_paging();
    guest.unmap(gdt_at);
    guest.state.gpr[Ecx] = code_0;
    CHECK(guest.faults({ 0x0F, 0x02, 0xC1 }) == page_fault(0, Gla { gdt_at + code_0 }));
}

TEST_CASE("VERR and VERW tell whether a segment can be read or written", "[emulator]")
{
    EmulatedGuest guest;
    guest.enter_ring(3);
    auto ask = [&](uint8_t modrm, uint16_t selector) {
        guest.state.gpr[Eax] = selector;
        guest.state.eip = code_at;
        guest.done({ 0x0F, 0x00, modrm });
        return zero(guest.state);
    };
    CHECK(ask(0xE0, data_3));
    CHECK(ask(0xE8, data_3));
    CHECK(ask(0xE0, code_3));
    CHECK_FALSE(ask(0xE8, code_3));
    CHECK_FALSE(ask(0xE0, data_0));
    CHECK_FALSE(ask(0xE0, tss_selector));
}

TEST_CASE("ARPL raises the RPL and says so", "[emulator]")
{
    EmulatedGuest guest;
    guest.state.gpr[Eax] = 0x10;
    guest.state.gpr[Ecx] = 0x1B;
    guest.done({ 0x63, 0xC8 }); // arpl ax, cx
    CHECK(guest.state.gpr[Eax] == 0x13);
    CHECK(zero(guest.state));
    guest.done({ 0x63, 0xC8 });
    CHECK_FALSE(zero(guest.state));
}
