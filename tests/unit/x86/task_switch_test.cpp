// Task gates and hardware task switches (SDM 3A chapter 7).
#include "core/x86/task_switch.hpp"

#include "core/x86/delivery.hpp"
#include "tests/catch.hpp"
#include "tests/unit/x86/test_guest.hpp"

#include <cstddef>

using namespace ringside;
using namespace ringside::test;
using Items = std::vector<uint32_t>;

namespace {

constexpr uint32_t ext = selector_error::external;

struct Tasks : TestGuest {
    Tss32 task {}; // call store() after a change

    Tasks()
    {
        fill_idt();
        set_gate(32, Descriptor::gate(Selector { task_selector }, 0, task_gate));
        set_gate(GP, Descriptor::gate(Selector { task_selector }, 0, task_gate));
        task.eip = task_code_at;
        task.eflags = eflags::fixed | eflags::zf;
        task.gpr = { 1, 2, 3, 4, task_stack, 6, 7, 8 };
        task.segments = { data_0, code_0, data_0, data_3, 0, conforming_code };
        store();
    }
    void store() { put(task_tss_at, task); }
    Tss32 old_tss() const { return get<Tss32>(tss_at); }
    Delivery interrupt() { return deliver(state, memory, hardware_interrupt(state, 32)); }
    TaskSwitch switch_by(TaskSwitchCause cause)
    {
        return switch_task(state, memory, { cause, Selector { task_selector }, state.eip + 2, state.eflags, 0 });
    }
};

}

TEST_CASE("A task gate saves the old task and loads the new one", "[task-switch]")
{
    Tasks guest;
    guest.enter_ring(3);
    guest.state.gpr[Ebx] = 0x77777777;
    auto result = guest.interrupt();
    CHECK(result.outcome == Delivery::Outcome::Delivered);
    CHECK(result.from_ring == 3);
    CHECK(result.to_ring == 0);

    auto old = guest.old_tss();
    CHECK(old.eip == code_at);
    CHECK(old.eflags == (eflags::fixed | eflags::if_));
    CHECK(old.gpr[Ebx] == 0x77777777);
    CHECK(old.gpr[Esp] == user_stack);
    CHECK(old.segments == std::array<uint32_t, 6> { data_3, code_3, data_3, data_3, data_3, data_3 });
    CHECK(old.stacks[0].esp == kernel_stack); // only the saved part is written

    CHECK(guest.state.eip == task_code_at);
    CHECK(guest.state.gpr == std::array<uint32_t, 8> { 1, 2, 3, 4, task_stack, 6, 7, 8 });
    CHECK(guest.state.segment(Cs).selector == code_0);
    CHECK(guest.state.segment(Cs).limit == 0xFFFFFFFF);
    CHECK(guest.state.segment(Ds).selector == data_3);
    CHECK_FALSE(guest.state.segment(Fs).is_present());
    CHECK(guest.state.segment(Gs).selector == conforming_code);
    CHECK(guest.state.tr.selector == task_selector);
    CHECK(guest.state.tr.base == task_tss_at);
    CHECK((guest.state.cr0 & cr0::ts));
}

TEST_CASE("A task entered by a gate is nested: link, NT, and both busy", "[task-switch]")
{
    Tasks guest;
    guest.interrupt();
    CHECK(guest.get<uint16_t>(task_tss_at) == tss_selector);
    CHECK(guest.state.eflags == (eflags::fixed | eflags::zf | eflags::nt));
    CHECK(guest.gdt(tss_selector).is(SystemType::BusyTss32));
    CHECK(guest.gdt(task_selector).is(SystemType::BusyTss32));
    CHECK(guest.state.tr.attributes == busy_tss_32);
}

TEST_CASE("A jump does not nest: the old task becomes available and there is no link", "[task-switch]")
{
    Tasks guest;
    auto done = guest.switch_by(TaskSwitchCause::Jump);
    REQUIRE_FALSE(done.fault);
    CHECK(done.committed);
    CHECK(guest.get<uint16_t>(task_tss_at) == 0);
    CHECK(guest.state.eflags == (eflags::fixed | eflags::zf));
    CHECK(guest.gdt(tss_selector).is(SystemType::AvailableTss32));
    CHECK(guest.gdt(task_selector).is(SystemType::BusyTss32));
    CHECK(guest.old_tss().eip == code_at + 2);
}

TEST_CASE("A call nests like a gate", "[task-switch]")
{
    Tasks guest;
    REQUIRE_FALSE(guest.switch_by(TaskSwitchCause::Call).fault);
    CHECK(guest.get<uint16_t>(task_tss_at) == tss_selector);
    CHECK((guest.state.eflags & eflags::nt));
    CHECK(guest.gdt(tss_selector).is(SystemType::BusyTss32));
}

TEST_CASE("A return goes to a busy task and clears NT in the one it leaves", "[task-switch]")
{
    Tasks guest;
    guest.set_gdt(task_selector, Descriptor::segment(task_tss_at, 103, busy_tss_32));
    guest.state.eflags |= eflags::nt;
    auto done = guest.switch_by(TaskSwitchCause::InterruptReturn);
    REQUIRE_FALSE(done.fault);
    CHECK_FALSE((guest.old_tss().eflags & eflags::nt));
    CHECK_FALSE((guest.state.eflags & eflags::nt));
    CHECK(guest.gdt(tss_selector).is(SystemType::AvailableTss32));
    CHECK(guest.gdt(task_selector).is(SystemType::BusyTss32));
}

TEST_CASE("A round trip restores the interrupted task", "[task-switch]")
{
    Tasks guest;
    guest.enter_ring(3);
    guest.state.gpr[Esi] = 0x1234;
    CpuState before = guest.state;
    guest.interrupt();
    uint16_t link = guest.get<uint16_t>(task_tss_at);
    auto done = switch_task(guest.state, guest.memory,
        { TaskSwitchCause::InterruptReturn, Selector { link }, guest.state.eip, guest.state.eflags, 0 });
    REQUIRE_FALSE(done.fault);
    CHECK(guest.state.gpr == before.gpr);
    CHECK(guest.state.eip == before.eip);
    CHECK(guest.state.eflags == before.eflags);
    CHECK(guest.state.cpl() == 3);
    CHECK(guest.state.tr == before.tr);
    CHECK(guest.gdt(task_selector).is(SystemType::AvailableTss32));
}

TEST_CASE("The error code goes onto the new task's stack", "[task-switch]")
{
    Tasks guest;
    guest.enter_ring(3);
    auto result = deliver(guest.state, guest.memory, exception_event(guest.state, GP, 0x58));
    CHECK(result.vector == GP);
    CHECK(guest.state.gpr[Esp] == task_stack - 4);
    CHECK(guest.stack(1) == Items { 0x58 });
    CHECK((guest.old_tss().eflags & eflags::rf)); // saved as a fault's image
}

TEST_CASE("A 16-bit task gets and saves 16-bit state, and the error code as a word", "[task-switch]")
{
    Tasks guest;
    Tss16 task {};
    task.ip = 0x4000;
    task.flags = eflags::fixed;
    task.gpr = { 1, 2, 3, 4, 0x7000, 6, 7, 8 };
    task.segments = { data_0, code_0, data_0, data_0 };
    guest.put(task_tss_at, task);
    guest.set_gdt(task_selector, Descriptor::segment(task_tss_at, 43, tss_16));
    deliver(guest.state, guest.memory, exception_event(guest.state, GP, 0x58));
    CHECK(guest.state.eip == 0x4000);
    CHECK(guest.state.gpr[Esp] == 0x6FFE);
    CHECK(guest.get<uint16_t>(0x6FFE) == 0x58);
    CHECK(guest.gdt(task_selector).is(SystemType::BusyTss16));

    // and back into the 32-bit task
    auto done = switch_task(guest.state, guest.memory,
        { TaskSwitchCause::InterruptReturn, Selector { tss_selector }, 0x4004, guest.state.eflags, 0 });
    REQUIRE_FALSE(done.fault);
    CHECK(guest.state.eip == code_at);
    CHECK(guest.get<Tss16>(task_tss_at).ip == 0x4004);
    CHECK(guest.get<Tss16>(task_tss_at).gpr[Esp] == 0x6FFE);
    CHECK(guest.gdt(task_selector).is(SystemType::AvailableTss16));
}

TEST_CASE("CR3 comes from the TSS only while paging is on", "[task-switch]")
{
    Tasks guest;
    guest.task.cr3 = 0xE000;
    guest.store();
    SECTION("off")
    {
        guest.interrupt();
        CHECK(guest.state.cr3 == 0);
    }
    SECTION("on: the new task's segments are found through the new page tables")
    {
        guest.enable_paging();
        guest.put<uint32_t>(0xE000, table_at | 7);
        CHECK(guest.interrupt().outcome == Delivery::Outcome::Delivered);
        CHECK(guest.state.cr3 == 0xE000);
        CHECK((guest.get<uint32_t>(0xE000) & page_entry::accessed));
    }
}

TEST_CASE("The new task's LDT is loaded before its segments", "[task-switch]")
{
    Tasks guest;
    guest.put(ldt_at + 8, Descriptor::segment(0, 0xFFFFFFFF, flat_data_0).raw);
    guest.task.ldt = ldt_selector;
    guest.task.segments[Ds] = 0x0C;
    guest.store();
    CHECK(guest.interrupt().vector == 32);
    CHECK(guest.state.ldtr == Segment { ldt_selector, ldt_attributes, ldt_at, 0xFF });
    CHECK(guest.state.segment(Ds).selector == 0x0C);
    CHECK(guest.state.segment(Ds).is_present());
}

TEST_CASE("Local breakpoints do not outlive a task", "[task-switch]")
{
    Tasks guest;
    guest.state.dr[7] = 0x7FF;
    guest.interrupt();
    CHECK(guest.state.dr[7] == 0x6AA);
}

TEST_CASE("A task may run in virtual-8086 mode", "[task-switch]")
{
    Tasks guest;
    guest.task.eflags |= eflags::vm;
    guest.task.segments = { 0x1000, 0x1400, 0x2000, 0x3000, 0x4000, 0x5000 };
    guest.task.eip = 0x10;
    guest.store();
    auto result = guest.interrupt();
    CHECK(result.vector == 32);
    CHECK(result.to_ring == 3);
    CHECK(guest.state.virtual_8086());
    CHECK(guest.state.segment(Cs) == Segment { 0x1400, 0xF3, 0x14000, 0xFFFF });
    CHECK(guest.state.segment(Gs).base == 0x50000);
}

TEST_CASE("T in the new TSS raises a debug trap before the first instruction", "[task-switch]")
{
    Tasks guest;
    guest.task.trap = 1;
    guest.store();
    auto result = guest.interrupt();
    CHECK(result.vector == DB);
    CHECK((guest.state.dr[6] & (1u << 15)));
    CHECK(guest.state.eip == Tasks::handler_of(DB));
    CHECK(guest.stack(3) == Items { task_code_at, code_0, eflags::fixed | eflags::zf | eflags::nt });
}

TEST_CASE("A task gate needs an available TSS of the GDT, present and long enough", "[task-switch]")
{
    Tasks guest;
    guest.set_gate(GP, Descriptor::gate(Selector { code_0 }, Tasks::handler_of(GP), interrupt_gate));
    auto check = [&](uint8_t vector, uint32_t error_code) {
        auto result = guest.interrupt();
        CHECK(result.vector == vector);
        CHECK(result.error_code == error_code);
        CHECK(guest.state.tr.selector == tss_selector);
        CHECK(guest.stack(2) == Items { error_code, code_at });
    };
    auto lead_to
        = [&](uint16_t selector) { guest.set_gate(32, Descriptor::gate(Selector { selector }, 0, task_gate)); };
    SECTION("busy")
    {
        guest.set_gdt(task_selector, Descriptor::segment(task_tss_at, 103, busy_tss_32));
        check(GP, task_selector | ext);
    }
    SECTION("itself")
    {
        lead_to(tss_selector);
        check(GP, tss_selector | ext);
    }
    SECTION("not present")
    {
        guest.set_gdt(task_selector, Descriptor::segment(task_tss_at, 103, tss_32 & ~not_present));
        check(NP, task_selector | ext);
    }
    SECTION("too short")
    {
        guest.set_gdt(task_selector, Descriptor::segment(task_tss_at, 102, tss_32));
        check(TS, task_selector | ext);
    }
    SECTION("too short for 16 bits")
    {
        guest.set_gdt(task_selector, Descriptor::segment(task_tss_at, 42, tss_16));
        check(TS, task_selector | ext);
    }
    SECTION("null")
    {
        lead_to(0);
        check(GP, ext);
    }
    SECTION("local")
    {
        lead_to(0x3C);
        check(GP, 0x3C | ext);
    }
    SECTION("beyond the GDT")
    {
        lead_to(0x80);
        check(GP, 0x80 | ext);
    }
    SECTION("code")
    {
        lead_to(code_0);
        check(GP, code_0 | ext);
    }
    SECTION("no room for the old state")
    {
        guest.state.tr.limit = 94;
        check(TS, tss_selector | ext);
    }
}

TEST_CASE("A page fault of either TSS belongs to the old task", "[task-switch]")
{
    Tasks guest;
    guest.enable_paging();
    guest.enter_ring(3);
    guest.set_gate(PF, Descriptor::gate(Selector { conforming_code }, handler_at, interrupt_gate));
    SECTION("new")
    {
        guest.unmap(task_tss_at);
        CHECK(guest.interrupt().vector == PF);
        CHECK(guest.state.cr2 == task_tss_at);
    }
    SECTION("old")
    {
        guest.set_page(tss_at, tss_at | 1);
        auto result = guest.interrupt();
        CHECK(result.vector == PF);
        CHECK(result.error_code == 3); // a supervisor write, though the program is in ring 3
        CHECK(guest.state.cr2 == tss_at);
    }
    CHECK(guest.state.tr.selector == tss_selector);
    CHECK(guest.gdt(task_selector).is(SystemType::AvailableTss32));
    CHECK(guest.stack(2)[1] == code_at);
}

TEST_CASE("A bad segment of the new task is #TS in the new task", "[task-switch]")
{
    Tasks guest;
    guest.enter_ring(3);
    guest.set_gdt(spare, Descriptor::segment(0, 0xFFFFFFFF, flat_data_0 & ~not_present));
    // The handler runs on the ring-0 stack of the new task's TSS, or on its stack if that is loaded already.
    guest.task.stacks[0] = { task_stack, data_0 };
    guest.task.segments = { data_3, code_3, data_3, data_3, data_3, data_3 };
    auto check = [&](uint8_t vector, uint32_t error_code, uint16_t code = code_3) {
        guest.store();
        auto result = guest.interrupt();
        REQUIRE(result.outcome == Delivery::Outcome::Delivered);
        CHECK(result.vector == vector);
        CHECK(result.error_code == error_code);
        CHECK(guest.state.tr.selector == task_selector);
        CHECK(guest.stack(3) == Items { error_code, task_code_at, code });
    };
    SECTION("LDT")
    {
        guest.task.ldt = data_0;
        check(TS, data_0 | ext);
    }
    SECTION("LDT in an LDT")
    {
        guest.task.ldt = ldt_selector | 4;
        check(TS, (ldt_selector | 4) | ext);
    }
    SECTION("CS is data")
    {
        guest.task.segments[Cs] = data_3;
        check(TS, (data_3 & ~3u) | ext, data_3);
    }
    SECTION("CS of another ring")
    {
        guest.task.segments[Cs] = code_0 | 3;
        check(TS, code_0 | ext, code_0 | 3);
    }
    SECTION("SS of another ring")
    {
        guest.task.segments[Ss] = data_0;
        check(TS, data_0 | ext);
    }
    SECTION("SS with another RPL")
    {
        guest.task.segments[Ss] = data_3 & ~3u;
        check(TS, (data_3 & ~3u) | ext);
    }
    SECTION("SS null")
    {
        guest.task.segments[Ss] = 0;
        check(TS, ext);
    }
    SECTION("SS not present")
    {
        guest.set_gdt(spare, Descriptor::segment(0, 0xFFFFFFFF, flat_data_3 & ~not_present));
        guest.task.segments[Ss] = spare | 3;
        check(SS, spare | ext);
    }
    SECTION("DS of an inner ring")
    {
        guest.task.segments[Ds] = data_0;
        check(TS, data_0 | ext);
    }
    SECTION("FS not present")
    {
        guest.set_gdt(spare, Descriptor::segment(0, 0xFFFFFFFF, flat_data_3 & ~not_present));
        guest.task.segments[Fs] = spare;
        check(NP, spare | ext);
    }
    SECTION("GS beyond the GDT")
    {
        guest.task.segments[Gs] = 0x83;
        check(TS, 0x80 | ext);
    }
}

TEST_CASE("An entry point beyond the new CS is #GP in the new task, after the error code", "[task-switch]")
{
    Tasks guest;
    guest.set_gdt(spare, Descriptor::segment(0, 0xFFF, 0x409A));
    guest.set_gate(GP, Descriptor::gate(Selector { code_0 }, handler_at, interrupt_gate));
    guest.set_gate(NP, Descriptor::gate(Selector { task_selector }, 0, task_gate));
    guest.task.segments[Cs] = spare;
    guest.store();
    // #NP is contributory, and so is #GP: the double fault finds both error codes on the task's stack
    auto result = deliver(guest.state, guest.memory, exception_event(guest.state, NP, 0x58));
    CHECK(result.vector == DF);
    CHECK(guest.stack(2) == Items { 0, task_code_at });
    CHECK(guest.get<uint32_t>(task_stack - 4) == 0x58);
}

TEST_CASE("A double fault with a broken kernel stack reaches a task", "[task-switch]")
{
    Tasks guest;
    guest.enable_paging();
    guest.task.cr3 = directory_at;
    guest.store();
    guest.set_gate(DF, Descriptor::gate(Selector { task_selector }, 0, task_gate));
    guest.unmap(kernel_stack - page_size);
    auto result = deliver(guest.state, guest.memory, exception_event(guest.state, PF, 2, kernel_stack - 0x804));
    CHECK(result.vector == DF);
    CHECK(guest.state.tr.selector == task_selector);
    CHECK(guest.state.gpr[Esp] == task_stack - 4);
    CHECK(guest.old_tss().eip == code_at);
    CHECK(
        describe_chain(result) == "#PF(0x2) at address 0x0001F7FC, then #PF(0x2) at address 0x0001F7FC, then #DF(0x0)");
}

TEST_CASE("A return to a task that is not busy is #TS and changes nothing", "[task-switch]")
{
    Tasks guest;
    CpuState before = guest.state;
    auto done = guest.switch_by(TaskSwitchCause::InterruptReturn);
    CHECK_FALSE(done.committed);
    CHECK(done.fault == fault_with_code(TS, task_selector));
    CHECK(guest.state == before);
}
