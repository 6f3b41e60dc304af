// The error codes that a strategy is not told, for instructions as bytes.
#include "core/x86/fault_analysis.hpp"

#include "core/x86/fault.hpp"
#include "tests/catch.hpp"
#include "tests/unit/x86/test_guest.hpp"

using namespace ringside;
using namespace ringside::test;
namespace error = ringside::page_fault_error;

namespace {

constexpr uint32_t missing = 0x40000, read_only = 0x50000, kernel_only = 0x60000, good = 0x70000;

struct Analysis : TestGuest {
    Analysis()
    {
        fill_idt();
        enable_paging();
        enter_ring(3);
        unmap(missing);
        set_page(read_only, read_only | 5);
        set_page(kernel_only, kernel_only | 3);
        state.gpr = { missing, 1, good, read_only, user_stack, good, good, missing };
    }
    uint32_t page_fault_code(std::initializer_list<uint8_t> bytes, uint32_t address)
    {
        put_code(bytes);
        auto analysis = analyze_fault(memory, state, PF, address);
        CHECK(analysis.has_error_code);
        return analysis.error_code;
    }
    uint32_t selector_code(std::initializer_list<uint8_t> bytes, uint8_t vector)
    {
        put_code(bytes);
        return analyze_fault(memory, state, vector, 0).error_code;
    }
};

constexpr uint32_t not_there = 0, user = error::user, w = error::write, protection = error::present;

}

TEST_CASE("Reads and writes of a missing page are told apart", "[fault-analysis]")
{
    Analysis guest;
    CHECK(guest.page_fault_code({ 0x8B, 0x08 }, missing) == user);             // mov ecx, [eax]
    CHECK(guest.page_fault_code({ 0x89, 0x08 }, missing) == (user | w));       // mov [eax], ecx
    CHECK(guest.page_fault_code({ 0x01, 0x08 }, missing) == (user | w));       // add [eax], ecx
    CHECK(guest.page_fault_code({ 0x87, 0x08 }, missing) == (user | w));       // xchg [eax], ecx
    CHECK(guest.page_fault_code({ 0x0F, 0xB1, 0x08 }, missing) == (user | w)); // cmpxchg [eax], ecx
    CHECK(guest.page_fault_code({ 0x39, 0x08 }, missing) == user);             // cmp [eax], ecx
    CHECK(guest.page_fault_code({ 0x0F, 0xAE, 0x00 }, missing) == (user | w)); // fxsave [eax]
    CHECK(guest.page_fault_code({ 0x0F, 0xAE, 0x08 }, missing) == user);       // fxrstor [eax]
    CHECK(guest.page_fault_code({ 0x0F, 0xA3, 0x08 }, missing) == user);       // bt [eax], ecx
    CHECK(guest.page_fault_code({ 0x0F, 0xAB, 0x08 }, missing) == (user | w)); // bts [eax], ecx
}

TEST_CASE("The ring decides the user bit", "[fault-analysis]")
{
    Analysis guest;
    guest.enter_ring(0);
    CHECK(guest.page_fault_code({ 0x89, 0x08 }, missing) == w);
    CHECK(guest.page_fault_code({ 0x8B, 0x08 }, missing) == not_there);
}

TEST_CASE("Protection violations carry the present bit", "[fault-analysis]")
{
    Analysis guest;
    CHECK(guest.page_fault_code({ 0x89, 0x0B }, read_only) == (protection | user | w)); // mov [ebx], ecx
    guest.state.gpr[Ebx] = kernel_only;
    CHECK(guest.page_fault_code({ 0x8B, 0x0B }, kernel_only) == (protection | user));
    CHECK(guest.page_fault_code({ 0x89, 0x0B }, kernel_only) == (protection | user | w));
}

TEST_CASE("Of a string instruction's two operands the one at the address is meant", "[fault-analysis]")
{
    Analysis guest;
    CHECK(guest.page_fault_code({ 0xF3, 0xA4 }, missing) == (user | w)); // rep movsb, to edi
    std::swap(guest.state.gpr[Esi], guest.state.gpr[Edi]);
    CHECK(guest.page_fault_code({ 0xF3, 0xA4 }, missing) == user); // from esi
}

TEST_CASE("When both operands lie on the page, the read fails first; on a read-only page only the write does",
    "[fault-analysis]")
{
    Analysis guest;
    guest.state.gpr[Esi] = missing + 1;
    guest.state.gpr[Edi] = missing;
    CHECK(guest.page_fault_code({ 0xA5 }, missing + 1) == user); // movsd; the ranges overlap
    guest.state.gpr[Esi] = guest.state.gpr[Edi] = read_only;
    CHECK(guest.page_fault_code({ 0xA5 }, read_only) == (protection | user | w));
}

TEST_CASE("Stack accesses below and above the stack pointer are found", "[fault-analysis]")
{
    Analysis guest;
    guest.state.gpr[Esp] = missing + page_size;
    CHECK(guest.page_fault_code({ 0x50 }, missing + 0xFFC) == (user | w));             // push eax
    CHECK(guest.page_fault_code({ 0xE8, 0, 0, 0, 0 }, missing + 0xFFC) == (user | w)); // call
    CHECK(guest.page_fault_code({ 0x60 }, missing + 0xFFC) == (user | w));             // pushad
    CHECK(guest.page_fault_code({ 0xC8, 0x10, 0, 0 }, missing + 0xFFC) == (user | w)); // enter 16, 0
    guest.state.gpr[Esp] = missing;
    CHECK(guest.page_fault_code({ 0x58 }, missing) == user); // pop eax
    CHECK(guest.page_fault_code({ 0xC3 }, missing) == user); // ret
    CHECK(guest.page_fault_code({ 0xCF }, missing) == user); // iretd
    guest.state.gpr[Esp] = user_stack;
    CHECK(guest.page_fault_code({ 0x8F, 0x00 }, missing) == (user | w)); // pop [eax]
    CHECK(guest.page_fault_code({ 0xFF, 0x30 }, missing) == user);       // push [eax]
}

TEST_CASE("An access across pages faults at the beginning of the second", "[fault-analysis]")
{
    Analysis guest;
    guest.state.gpr[Eax] = missing - 2;
    CHECK(guest.page_fault_code({ 0x89, 0x08 }, missing) == (user | w));
}

TEST_CASE("A fetch that fails is a read of the instruction itself", "[fault-analysis]")
{
    Analysis guest;
    guest.state.eip = missing;
    auto analysis = analyze_fault(guest.memory, guest.state, PF, missing);
    CHECK(analysis.error_code == user);
    CHECK(analysis.instruction_length == 0);
    guest.state.eip = kernel_only;
    CHECK(analyze_fault(guest.memory, guest.state, PF, kernel_only).error_code == (protection | user));
    guest.state.eip = missing - 1; // 89 is not enough
    guest.put<uint8_t>(missing - 1, 0x89);
    CHECK(analyze_fault(guest.memory, guest.state, PF, missing).error_code == user);
}

TEST_CASE("With execute-disable the fetch bit tells a jump from a read", "[fault-analysis]")
{
    TestGuest guest; // PAE: 0 to 2 MiB as one page, 2 to 4 MiB as one without execution
    guest.put<uint64_t>(directory_at, 0xA000 | 1);
    guest.put<uint64_t>(0xA000, 0 | 0x87);
    guest.put<uint64_t>(0xA008, 0x200000 | 0x87 | page_entry::no_execute);
    guest.state.cr3 = directory_at;
    guest.state.cr4 |= cr4::pae;
    guest.state.msrs.efer |= 1 << 11;
    guest.state.cr0 |= cr0::pg;
    guest.enter_ring(3);
    guest.state.eip = 0x200000;
    CHECK(analyze_fault(guest.memory, guest.state, PF, 0x200000).error_code == (protection | user | error::fetch));
}

TEST_CASE("Reserved bits are reported", "[fault-analysis]")
{
    Analysis guest;
    guest.state.cr4 |= cr4::pse;
    guest.put<uint32_t>(directory_at + 4, 0x00002000 | 0x87);
    guest.state.gpr[Eax] = 0x400000;
    CHECK(guest.page_fault_code({ 0x89, 0x08 }, 0x400000) == (protection | user | w | error::reserved));
}

TEST_CASE("Accesses to system tables are supervisor ones, whoever makes them", "[fault-analysis]")
{
    Analysis guest;
    guest.put_code({ 0x8E, 0xD9 }); // mov ds, cx
    guest.state.gpr[Ecx] = data_3;
    SECTION("a descriptor is missing")
    {
        guest.unmap(gdt_at);
        CHECK(analyze_fault(guest.memory, guest.state, PF, gdt_at + 0x20).error_code == not_there);
    }
    SECTION("its accessed bit cannot be written")
    {
        guest.set_page(gdt_at, gdt_at | 5);
        CHECK(analyze_fault(guest.memory, guest.state, PF, gdt_at + 0x24).error_code == (protection | w));
    }
    SECTION("the I/O permission bitmap is missing")
    {
        guest.put_code({ 0xEC }); // in al, dx
        guest.unmap(tss_at);
        CHECK(analyze_fault(guest.memory, guest.state, PF, tss_at + 102).error_code == not_there);
    }
    SECTION("but a program's own access to such a table is its own")
    {
        guest.state.gpr[Eax] = gdt_at;
        guest.set_page(gdt_at, gdt_at | 3);
        CHECK(guest.page_fault_code({ 0x8B, 0x08 }, gdt_at) == (protection | user));
    }
}

TEST_CASE("A fault that the page tables no longer justify is a protection violation", "[fault-analysis]")
{
    Analysis guest;
    guest.state.gpr[Eax] = good;
    CHECK(guest.page_fault_code({ 0x89, 0x08 }, good) == (protection | user | w));
    CHECK(guest.page_fault_code({ 0x8B, 0x08 }, good) == (protection | user));
}

TEST_CASE("Analysis leaves memory as it is", "[fault-analysis]")
{
    Analysis guest;
    uint32_t before = guest.page(good);
    guest.state.gpr[Eax] = good;
    guest.page_fault_code({ 0x89, 0x08 }, good);
    CHECK(guest.page(good) == before);
    guest.state.gpr[Ecx] = data_3;
    guest.selector_code({ 0x8E, 0xD9 }, GP);
    CHECK(guest.gdt(data_3).attributes() == flat_data_3); // not accessed
}

TEST_CASE("Segment loads name their selector", "[fault-analysis]")
{
    Analysis guest;
    guest.state.gpr[Ecx] = data_0;
    CHECK(guest.selector_code({ 0x8E, 0xD9 }, GP) == data_0); // mov ds, cx: ring 3 and DPL 0
    guest.put<uint32_t>(good, 0xFFF8);
    CHECK(guest.selector_code({ 0x8E, 0x02 }, GP) == 0xFFF8); // mov es, [edx]
    guest.put<uint32_t>(user_stack, code_0);
    CHECK(guest.selector_code({ 0x1F }, GP) == code_0);       // pop ds
    CHECK(guest.selector_code({ 0x0F, 0xA9 }, GP) == code_0); // pop gs
    guest.put<uint32_t>(good + 4, tss_selector);
    CHECK(guest.selector_code({ 0xC4, 0x0A }, GP) == tss_selector);       // les ecx, [edx]
    CHECK(guest.selector_code({ 0x0F, 0xB2, 0x0A }, GP) == tss_selector); // lss ecx, [edx]
    guest.set_gdt(spare, Descriptor::segment(0, 0xFFF, flat_data_3 & ~not_present));
    guest.state.gpr[Ecx] = spare | 3;
    CHECK(guest.selector_code({ 0x8E, 0xD9 }, NP) == spare);
    CHECK(guest.selector_code({ 0x8E, 0xD1 }, SS) == spare); // mov ss, cx
}

TEST_CASE("Faults for other reasons carry zero", "[fault-analysis]")
{
    Analysis guest;
    CHECK(guest.selector_code({ 0xF4 }, GP) == 0);             // hlt in ring 3
    CHECK(guest.selector_code({ 0x0F, 0x22, 0xD8 }, GP) == 0); // mov cr3, eax
    CHECK(guest.selector_code({ 0x8B, 0x08 }, SS) == 0);       // mov ecx, [eax]
    guest.state.gpr[Ecx] = data_3;
    CHECK(guest.selector_code({ 0x8E, 0xD9 }, GP) == 0); // the load itself is fine
    guest.state.gpr[Ecx] = spare;
    guest.set_gdt(spare, Descriptor::segment(0, 0xFFF, flat_data_3 & ~not_present));
    CHECK(guest.selector_code({ 0x8E, 0xD9 }, GP) == 0);       // it would be #NP
    CHECK(guest.selector_code({ 0x0F, 0x00, 0xD9 }, GP) == 0); // ltr cx is privileged
}

TEST_CASE("LLDT and LTR name their selector", "[fault-analysis]")
{
    Analysis guest;
    guest.enter_ring(0);
    guest.state.gpr[Ecx] = tss_selector;
    CHECK(guest.selector_code({ 0x0F, 0x00, 0xD9 }, GP) == tss_selector); // ltr cx: busy
    CHECK(guest.selector_code({ 0x0F, 0x00, 0xD1 }, GP) == tss_selector); // lldt cx: a TSS
}

TEST_CASE("Far branches name their target, or what its gate leads to", "[fault-analysis]")
{
    Analysis guest;
    auto jump = [&](uint16_t selector, uint8_t vector) {
        return guest.selector_code(
            { 0xEA, 0, 0, 0, 0, static_cast<uint8_t>(selector), static_cast<uint8_t>(selector >> 8) }, vector);
    };
    auto call = [&](uint16_t selector, uint8_t vector) {
        return guest.selector_code(
            { 0x9A, 0, 0, 0, 0, static_cast<uint8_t>(selector), static_cast<uint8_t>(selector >> 8) }, vector);
    };
    constexpr uint16_t user_call_gate = 0xEC;
    CHECK(jump(code_0, GP) == code_0);
    CHECK(jump(0, GP) == 0);
    CHECK(call(0x80, GP) == 0x80);
    CHECK(jump(ldt_selector, GP) == ldt_selector);
    CHECK(jump(task_selector, GP) == task_selector); // DPL 0
    guest.set_gdt(spare, Descriptor::gate(Selector { code_0 }, handler_at, 0x8C));
    CHECK(call(spare, GP) == spare); // a gate of ring 0
    guest.set_gdt(spare, Descriptor::gate(Selector { code_0 }, handler_at, user_call_gate & ~not_present));
    CHECK(call(spare, NP) == spare);
    guest.set_gdt(spare, Descriptor::gate(Selector { data_0 }, handler_at, user_call_gate));
    CHECK(call(spare, GP) == data_0);
    guest.set_gdt(spare, Descriptor::gate(Selector { code_0 }, handler_at, user_call_gate));
    CHECK(jump(spare, GP) == code_0); // JMP does not change rings
    CHECK(call(spare, GP) == 0);      // CALL would succeed
    guest.put<uint32_t>(tss_at + 8, data_0 | 1);
    CHECK(call(spare, TS) == data_0); // the inner stack
    guest.put<uint32_t>(tss_at + 4, 8);
    guest.put<uint32_t>(tss_at + 8, ldt_selector);
    CHECK(call(spare, TS) == ldt_selector);
    guest.set_gdt(ldt_selector, Descriptor::segment(0, 0xFFF, 0x4092));
    CHECK(call(spare, SS) == ldt_selector); // no room there
    guest.set_gdt(spare, Descriptor::gate(Selector { tss_selector }, 0, 0xE5));
    CHECK(call(spare, GP) == tss_selector); // a task gate to a busy task
    guest.enter_ring(0);
    guest.set_gdt(spare, Descriptor::gate(Selector { code_0 }, handler_at, 0x8C));
    CHECK(call(spare, GP) == 0);
    CHECK(call(spare | 3, GP) == spare); // the RPL counts as much as the CPL
    guest.enter_ring(3);
    guest.state.gpr[Edx] = good;
    guest.put<uint32_t>(good, 0);
    guest.put<uint16_t>(good + 4, code_0);
    CHECK(guest.selector_code({ 0xFF, 0x2A }, GP) == code_0); // jmp far [edx]
}

TEST_CASE("Far returns and IRET name the selector that they pop", "[fault-analysis]")
{
    Analysis guest;
    auto stack = [&](std::initializer_list<uint32_t> items) {
        uint32_t at = guest.state.gpr[Esp];
        for (uint32_t item : items) {
            guest.put(at, item);
            at += 4;
        }
    };
    stack({ 0x1000, code_0, eflags::fixed });
    CHECK(guest.selector_code({ 0xCB }, GP) == code_0); // retf: inward
    CHECK(guest.selector_code({ 0xCF }, GP) == code_0); // iretd
    guest.enter_ring(0);
    stack({ 0x1000, code_3, eflags::fixed, user_stack, data_0 });
    CHECK(guest.selector_code({ 0xCF }, GP) == data_0); // the outer stack
    stack({ 0x1000, code_3, user_stack, data_0, 0 });
    CHECK(guest.selector_code({ 0xCB }, GP) == data_0);
    stack({ 0x1000, code_3, 0, user_stack, data_1 });
    CHECK(guest.selector_code({ 0xCA, 4, 0 }, GP) == (data_1 & ~3u)); // retf 4
    guest.set_gdt(spare, Descriptor::segment(0, 0xFFFFFFFF, flat_code_0 & ~not_present));
    stack({ 0x1000, spare, eflags::fixed });
    CHECK(guest.selector_code({ 0xCF }, NP) == spare);
    stack({ 0x1000, 0xFFF8, eflags::fixed | eflags::vm });
    CHECK(guest.selector_code({ 0xCF }, GP) == 0); // to virtual-8086 mode: no descriptor
    guest.put<uint32_t>(tss_at, task_selector);
    guest.state.eflags |= eflags::nt;
    CHECK(guest.selector_code({ 0xCF }, TS) == task_selector); // the task that it returns to is not busy
}

TEST_CASE("Real-address mode has no error codes", "[fault-analysis]")
{
    TestGuest guest;
    guest.state = CpuState {};
    guest.state.segment(Cs).limit = 0xFFFF;
    auto analysis = analyze_fault(guest.memory, guest.state, GP, 0);
    CHECK_FALSE(analysis.has_error_code);
    CHECK(analysis.error_code == 0);
}

TEST_CASE("Only some exceptions have error codes", "[fault-analysis]")
{
    Analysis guest;
    for (unsigned vector = 0; vector < 32; ++vector) {
        bool has = vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
        CHECK(analyze_fault(guest.memory, guest.state, static_cast<uint8_t>(vector), 0).has_error_code == has);
    }
}

TEST_CASE("Software interrupts are recognized by their instruction and return behind it", "[fault-analysis]")
{
    Analysis guest;
    auto event = [&](std::initializer_list<uint8_t> bytes, uint8_t vector) {
        guest.put_code(bytes);
        return reconstruct_event(guest.memory, guest.state, vector, 0);
    };
    auto interrupt = event({ 0xCD, 0x80 }, 0x80);
    CHECK(interrupt.type == EventType::SoftwareInterrupt);
    CHECK(interrupt.return_eip == code_at + 2);
    CHECK_FALSE(interrupt.has_error_code);
    CHECK(event({ 0xCD, 0x0E }, PF).type == EventType::SoftwareInterrupt);
    CHECK(event({ 0x66, 0xCD, 0x80 }, 0x80).return_eip == code_at + 3);
    CHECK(event({ 0xCC }, BP).type == EventType::SoftwareException);
    CHECK(event({ 0xCC }, BP).return_eip == code_at + 1);
    CHECK(event({ 0xCE }, OF).type == EventType::SoftwareException);
    CHECK(event({ 0xF1 }, DB).type == EventType::PrivilegedSoftwareException);
    CHECK(event({ 0xCD, 0x80 }, GP).type == EventType::HardwareException);
    CHECK(event({ 0x0F, 0x0B }, UD).type == EventType::HardwareException);
}

TEST_CASE("An exception returns to its instruction with its error code and address", "[fault-analysis]")
{
    Analysis guest;
    guest.put_code({ 0x89, 0x08 });
    auto event = reconstruct_event(guest.memory, guest.state, PF, missing);
    CHECK(event.type == EventType::HardwareException);
    CHECK(event.has_error_code);
    CHECK(event.error_code == (user | w));
    CHECK(event.fault_address == missing);
    CHECK(event.return_eip == code_at);
}

TEST_CASE("In 16-bit code the next instruction wraps at 64 KiB", "[fault-analysis]")
{
    TestGuest guest;
    guest.state = CpuState {};
    guest.state.segment(Cs) = { 0x1000, 0x93, 0x10000, 0xFFFF };
    guest.state.eip = 0xFFFE;
    guest.put_code({ 0xCD, 0x21 });
    CHECK(reconstruct_event(guest.memory, guest.state, 0x21, 0).return_eip == 0);
}
