// Far JMP, CALL and RET: direct, through call gates, to other tasks.
#include "tests/unit/x86/emulated_guest.hpp"

using namespace ringside;
using namespace ringside::test;
using Items = std::vector<uint32_t>;

namespace {

constexpr uint32_t pointer_at = 0x40000;
constexpr uint16_t call_gate = 0x8C;

struct FarGuest : EmulatedGuest {
    FarGuest() { state.gpr[Ebx] = pointer_at; }

    void point_to(uint16_t selector, uint32_t offset = handler_at)
    {
        put<uint32_t>(pointer_at, offset);
        put<uint16_t>(pointer_at + 4, selector);
    }
    Emulated jump(uint16_t selector, uint32_t offset = handler_at)
    {
        point_to(selector, offset);
        return emulate({ 0xFF, 0x2B });
    }
    Emulated call(uint16_t selector, uint32_t offset = handler_at)
    {
        point_to(selector, offset);
        return emulate({ 0xFF, 0x1B });
    }
    void set_gate_to(uint16_t target, uint16_t attributes, unsigned parameters = 0)
    {
        set_gdt(spare, Descriptor::gate(Selector { target }, handler_at, attributes, parameters));
    }
    // Neither a jump nor a call gets there, both for this reason.
    void check_refused(uint16_t selector, const Fault& reason)
    {
        CpuState before = state;
        for (auto transfer : { &FarGuest::jump, &FarGuest::call }) {
            auto result = (this->*transfer)(selector, handler_at);
            CHECK(result.outcome == Emulated::Outcome::Fault);
            CHECK(result.fault == reason);
            CHECK(state == before);
        }
    }
};

}

TEST_CASE("A far jump loads CS with the ring as RPL and is an exit", "[emulator]")
{
    FarGuest guest;
    guest.enter_ring(1);
    auto jump = guest.done({ 0xEA, 0x40, 0x23, 0x01, 0x00, code_1 & ~3, 0x00 }); // jmp 0x48:0x12340
    CHECK(guest.state.eip == handler_at);
    CHECK(guest.state.segment(Cs).selector == code_1);
    CHECK(jump.kind == EventKind::FarTransfer);
    CHECK(jump.a == handler_at);
    CHECK(jump.b == code_1);
    CHECK(jump.effects == effect::segments);
}

TEST_CASE("A far jump refuses what is no code of the ring", "[emulator]")
{
    FarGuest guest;
    guest.check_refused(0, general_protection());
    guest.check_refused(0x80, general_protection(0x80));
    guest.check_refused(data_0, general_protection(data_0));
    guest.check_refused(code_3, general_protection(code_3 & ~3u));
    guest.check_refused(ldt_selector, general_protection(ldt_selector));
    guest.set_gdt(spare, Descriptor::segment(0, 0xFFFFFFFF, flat_code_0 & ~not_present));
    guest.check_refused(spare, fault_with_code(NP, spare));
    guest.set_gdt(spare, Descriptor::segment(0, 0xFFF, 0x409A));
    guest.check_refused(spare, general_protection()); // EIP beyond its limit
    guest.enter_ring(3);
    guest.state.gpr[Ebx] = pointer_at;
    guest.check_refused(code_0, general_protection(code_0));
}

TEST_CASE("Conforming code runs in the ring of its caller", "[emulator]")
{
    FarGuest guest;
    guest.enter_ring(3);
    guest.state.gpr[Ebx] = pointer_at;
    CHECK(guest.jump(conforming_code).outcome == Emulated::Outcome::Done);
    CHECK(guest.state.cpl() == 3);
    CHECK(guest.state.segment(Cs).selector == (conforming_code | 3));
}

TEST_CASE("A far call pushes CS and EIP in the operand size", "[emulator]")
{
    FarGuest guest;
    CHECK(guest.call(code_0).outcome == Emulated::Outcome::Done);
    CHECK(guest.stack(2) == Items { code_at + 2, code_0 });
    CHECK(guest.state.eip == handler_at);
    guest.state.eip = code_at;
    guest.put<uint16_t>(pointer_at + 2, code_0);
    uint32_t esp = guest.state.gpr[Esp];
    guest.done({ 0x66, 0xFF, 0x1B }); // call far word [ebx]
    CHECK(guest.state.eip == (handler_at & 0xFFFF));
    CHECK(guest.state.gpr[Esp] == esp - 4);
    CHECK(guest.stack<uint16_t>(2) == Items { (code_at + 3) & 0xFFFF, code_0 });
}

TEST_CASE("A far call without room on the stack is #SS(0), into a page that is not there #PF", "[emulator]")
{
    FarGuest guest;
    guest.state.segment(Ss).limit = guest.state.gpr[Esp] - 1;
    guest.state.gpr[Esp] = 4;
    CHECK(guest.call(code_0).fault == fault_with_code(SS, 0));
    FarGuest paged;
    paged.enable_paging();
    uint32_t page = (paged.state.gpr[Esp] - 1) & ~(page_size - 1);
    paged.unmap(page);
    paged.state.gpr[Esp] = page + page_size;
    CHECK(paged.call(code_0).fault == page_fault(page_fault_error::write, Gla { page + page_size - 4 }));
    CHECK(paged.state.eip == code_at);
}

TEST_CASE("A call gate leads to an inner ring, with its stack and the parameters", "[emulator]")
{
    FarGuest guest;
    guest.enter_ring(3);
    guest.state.gpr[Ebx] = pointer_at;
    guest.set_gate_to(code_0, call_gate | user_gate, 2);
    guest.put<uint32_t>(user_stack, 0xAAAA);
    guest.put<uint32_t>(user_stack + 4, 0xBBBB);
    auto call = guest.call(spare | 3, 0xDEAD); // the offset does not matter
    REQUIRE(call.outcome == Emulated::Outcome::Done);
    CHECK(guest.state.cpl() == 0);
    CHECK(guest.state.eip == handler_at);
    CHECK(guest.state.segment(Ss).selector == data_0);
    CHECK(guest.state.gpr[Esp] == kernel_stack - 24);
    CHECK(guest.stack(6) == Items { code_at + 2, code_3, 0xAAAA, 0xBBBB, user_stack, data_3 });

    guest.put_code({ 0xCA, 0x08, 0x00 }); // ret far 8: back to ring 3, both stacks released
    auto ret = guest.step();
    REQUIRE(ret.outcome == Emulated::Outcome::Done);
    CHECK(guest.state.cpl() == 3);
    CHECK(guest.state.eip == code_at + 2);
    CHECK(guest.state.gpr[Esp] == user_stack + 8);
    CHECK(ret.kind == EventKind::FarTransfer);
}

TEST_CASE("As many parameters as a gate can ask for are copied", "[emulator]")
{
    FarGuest guest;
    guest.enter_ring(3);
    guest.state.gpr[Ebx] = pointer_at;
    guest.set_gate_to(code_0, call_gate | user_gate, 31);
    for (uint32_t i = 0; i < 31; ++i)
        guest.put<uint32_t>(user_stack + 4 * i, 1000 + i);
    REQUIRE(guest.call(spare).outcome == Emulated::Outcome::Done);
    auto frame = guest.stack(35);
    for (uint32_t i = 0; i < 31; ++i)
        CHECK(frame[2 + i] == 1000 + i);
    CHECK(frame[33] == user_stack);
    CHECK(frame[34] == data_3);
}

TEST_CASE("A call gate within the ring pushes no stack, a jump through it nothing", "[emulator]")
{
    FarGuest guest;
    guest.set_gate_to(code_0, call_gate, 3);
    CHECK(guest.call(spare).outcome == Emulated::Outcome::Done);
    CHECK(guest.stack(2) == Items { code_at + 2, code_0 });
    guest.state.eip = code_at;
    uint32_t esp = guest.state.gpr[Esp];
    CHECK(guest.jump(spare).outcome == Emulated::Outcome::Done);
    CHECK(guest.state.eip == handler_at);
    CHECK(guest.state.gpr[Esp] == esp);
}

TEST_CASE("Gates are checked: rights, presence, and where they lead", "[emulator]")
{
    FarGuest guest;
    guest.enter_ring(3);
    guest.state.gpr[Ebx] = pointer_at;
    guest.set_gate_to(code_0, call_gate);
    guest.check_refused(spare, general_protection(spare)); // DPL 0
    guest.set_gate_to(code_0, (call_gate | user_gate) & ~not_present);
    guest.check_refused(spare, fault_with_code(NP, spare));
    guest.set_gate_to(0, call_gate | user_gate);
    guest.check_refused(spare, general_protection());
    guest.set_gate_to(data_0, call_gate | user_gate);
    guest.check_refused(spare, general_protection(data_0));
    guest.set_gate_to(code_0, call_gate | user_gate);
    CHECK(guest.jump(spare).fault == general_protection(code_0)); // JMP does not change the ring
    guest.put<uint32_t>(tss_at + 8, 0);                           // SS0
    CHECK(guest.call(spare).fault == fault_with_code(TS, 0));
}

TEST_CASE("RET far goes outward, and takes away the segments of the inner ring", "[emulator]")
{
    FarGuest guest;
    uint32_t frame[] { handler_at, code_3, user_stack, data_3 };
    for (uint32_t i = 0; i < 4; ++i)
        guest.put(guest.state.gpr[Esp] + 4 * i, frame[i]);
    guest.state.segment(Es) = guest.gdt(data_3).segment_register(Selector { data_3 });
    guest.state.segment(Fs) = guest.gdt(conforming_code).segment_register(Selector { conforming_code });
    guest.done({ 0xCB });
    CHECK(guest.state.cpl() == 3);
    CHECK(guest.state.eip == handler_at);
    CHECK(guest.state.gpr[Esp] == user_stack);
    CHECK(guest.state.segment(Ds) == Segment {});
    CHECK(guest.state.segment(Es).selector == data_3);
    CHECK(guest.state.segment(Fs).selector == conforming_code);
}

TEST_CASE("RET far refuses to go inward, and an outer stack that is none", "[emulator]")
{
    FarGuest guest;
    guest.enter_ring(3);
    guest.put(user_stack, handler_at);
    guest.put<uint32_t>(user_stack + 4, code_0);
    CHECK(guest.faults({ 0xCB }) == general_protection(code_0));
    guest.enter_ring(0);
    uint32_t esp = guest.state.gpr[Esp];
    guest.put(esp, handler_at);
    guest.put<uint32_t>(esp + 4, code_3);
    guest.put<uint32_t>(esp + 12, data_0);
    CHECK(guest.faults({ 0xCB }) == general_protection(data_0));
}

TEST_CASE("A jump to a TSS or through a task gate changes the task", "[emulator]")
{
    FarGuest guest;
    Tss32 task {};
    task.eip = task_code_at;
    task.eflags = eflags::fixed;
    task.gpr[Esp] = task_stack;
    task.segments = { data_0, code_0, data_0, data_0, data_0, data_0 };
    guest.put(task_tss_at, task);
    uint16_t target = task_selector;
    SECTION("directly") { }
    SECTION("through a task gate")
    {
        guest.set_gdt(spare, Descriptor::gate(Selector { task_selector }, 0, task_gate));
        target = spare;
    }
    auto jump = guest.jump(target);
    REQUIRE(jump.outcome == Emulated::Outcome::Done);
    CHECK(guest.state.tr.selector == task_selector);
    CHECK(guest.state.eip == task_code_at);
    CHECK((jump.effects & effect::task) != 0);
    CHECK(jump.kind == EventKind::FarTransfer);
    CHECK(guest.get<uint32_t>(tss_at + offsetof(Tss32, eip)) == code_at + 2);
}

TEST_CASE("A task that asks for a debug trap gets it, in the new task", "[emulator]")
{
    constexpr uint32_t task_switch = 1 << 15;
    FarGuest guest;
    Tss32 task {};
    task.eip = task_code_at;
    task.segments = { data_0, code_0, data_0, data_0, data_0, data_0 };
    task.trap = 1;
    guest.put(task_tss_at, task);
    auto call = guest.call(task_selector);
    CHECK(call.outcome == Emulated::Outcome::Fault);
    CHECK(call.fault == fault_without_code(DB));
    CHECK((guest.state.dr[6] & task_switch) != 0);
    CHECK((call.effects & effect::task) != 0);
    CHECK(guest.state.eip == task_code_at);
    CHECK((guest.state.eflags & eflags::nt) != 0);
}

TEST_CASE("Far transfers of real-address mode load bases", "[emulator]")
{
    EmulatedGuest guest;
    guest.state.cr0 &= ~cr0::pe;
    uint32_t esp = guest.state.gpr[Esp];
    guest.done({ 0x9A, 0x34, 0x02, 0x00, 0x00, 0x00, 0x20 }); // call 0x2000:0x234
    CHECK(guest.state.segment(Cs).base == 0x20000);
    CHECK(guest.state.eip == 0x234);
    guest.put_code({ 0xCB });
    CHECK(guest.step().outcome == Emulated::Outcome::Done);
    CHECK(guest.state.eip == code_at + 7);
    CHECK(guest.state.segment(Cs).base == uint32_t { code_0 } << 4);
    CHECK(guest.state.gpr[Esp] == esp);
}
