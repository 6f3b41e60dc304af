// Faults met while an event is delivered: every check of SDM 2A "INT n/INTO/INT3/INT1" with its vector and error code.
#include "core/x86/delivery.hpp"

#include "tests/catch.hpp"
#include "tests/unit/x86/test_guest.hpp"

using namespace ringside;
using namespace ringside::test;
using Items = std::vector<uint32_t>;

namespace {

constexpr uint32_t ext = selector_error::external;

// Breaks something about vector 32 or what it leads to; #GP, #TS, #NP and #SS have task-independent handlers in ring 1,
// whose stack stays good when that of ring 0 is broken.
struct Broken : TestGuest {
    Broken()
    {
        fill_idt();
        for (unsigned vector : { TS, NP, SS, GP, PF, DF })
            set_gate(vector, Descriptor::gate(Selector { code_1 }, handler_of(vector), interrupt_gate));
        enter_ring(3);
    }
    // The second event of the chain: what went wrong with interrupt 32.
    DeliveryStep failure()
    {
        auto result = deliver(state, memory, hardware_interrupt(state, 32));
        REQUIRE(result.outcome == Delivery::Outcome::Delivered);
        REQUIRE(result.chain().size() == 2);
        CHECK(result.vector == result.chain()[1].vector);
        CHECK(state.cpl() == 1);
        CHECK(stack(2) == Items { result.error_code, code_at });
        return result.chain()[1];
    }
    void check_failure(uint8_t vector, uint32_t error_code)
    {
        auto step = failure();
        CHECK(step.vector == vector);
        CHECK(step.has_error_code);
        CHECK(step.error_code == error_code);
    }
    void lead_to(uint16_t selector, uint32_t offset = handler_at)
    {
        set_gate(32, Descriptor::gate(Selector { selector }, offset, interrupt_gate));
    }
    void set_spare(uint32_t limit, uint16_t attributes) { set_gdt(spare, Descriptor::segment(0, limit, attributes)); }
    void use_inner_stack(uint16_t selector) { put<uint32_t>(tss_at + 8, selector); }
};

constexpr uint32_t in_idt = 32 * 8 | selector_error::idt | ext;

}

TEST_CASE("A vector beyond the IDT's limit is #GP with the vector", "[delivery]")
{
    Broken guest;
    guest.state.idtr.limit = 32 * 8 + 6;
    guest.check_failure(GP, in_idt);
}

TEST_CASE("A gate that ends at the IDT's limit is used", "[delivery]")
{
    Broken guest;
    guest.state.idtr.limit = 32 * 8 + 7;
    CHECK(deliver(guest.state, guest.memory, hardware_interrupt(guest.state, 32)).vector == 32);
}

TEST_CASE("What is no gate in the IDT is #GP with the vector", "[delivery]")
{
    Broken guest;
    auto attributes
        = GENERATE(as<uint16_t> {}, 0x8C /* call gate */, 0x89 /* TSS */, 0x82 /* LDT */, 0x80, 0x9A, 0x92, 0x8D, 0x88);
    guest.set_gate(32, Descriptor::gate(Selector { code_0 }, handler_at, attributes));
    guest.check_failure(GP, in_idt);
}

TEST_CASE("A gate that is not present is #NP with the vector", "[delivery]")
{
    Broken guest;
    guest.set_gate(32, Descriptor::gate(Selector { code_0 }, handler_at, interrupt_gate & ~not_present));
    guest.check_failure(NP, in_idt);
}

TEST_CASE("The right to use a gate is checked before its presence", "[delivery]")
{
    Broken guest;
    guest.set_gate(32, Descriptor::gate(Selector { code_0 }, handler_at, interrupt_gate & ~not_present));
    auto result = deliver(guest.state, guest.memory, software_interrupt(guest.state, 32));
    CHECK(result.vector == GP);
    CHECK(result.error_code == (32 * 8 | selector_error::idt)); // no EXT: the program asked for it
}

TEST_CASE("The code segment of a gate must be a present one, as privileged as the program or more", "[delivery]")
{
    Broken guest;
    SECTION("null")
    {
        guest.lead_to(0);
        guest.check_failure(GP, ext);
    }
    SECTION("beyond the GDT")
    {
        guest.lead_to(0x80);
        guest.check_failure(GP, 0x80 | ext);
    }
    SECTION("in an LDT that is not there")
    {
        guest.lead_to(0x0C);
        guest.check_failure(GP, 0x0C | ext);
    }
    SECTION("data")
    {
        guest.lead_to(data_0);
        guest.check_failure(GP, data_0 | ext);
    }
    SECTION("system")
    {
        guest.lead_to(tss_selector);
        guest.check_failure(GP, tss_selector | ext);
    }
    SECTION("not present")
    {
        guest.set_spare(0xFFFFFFFF, flat_code_0 & ~not_present);
        guest.lead_to(spare);
        guest.check_failure(NP, spare | ext);
    }
    SECTION("entry point beyond its limit")
    {
        guest.set_spare(0xFFF, 0x409A);
        guest.lead_to(spare, 0x1000);
        guest.check_failure(GP, ext);
    }
}

TEST_CASE("A handler that is less privileged than the program is #GP", "[delivery]")
{
    Broken guest;
    guest.enter_ring(1);
    guest.lead_to(code_3);
    guest.check_failure(GP, (code_3 & ~3u) | ext);
}

TEST_CASE("A TSS too short for the stack pointer is #TS with its selector", "[delivery]")
{
    Broken guest;
    guest.set_gate(TS, Descriptor::gate(Selector { conforming_code }, handler_at, interrupt_gate));
    guest.state.tr.limit = 8; // SS0 ends at 9
    auto result = deliver(guest.state, guest.memory, hardware_interrupt(guest.state, 32));
    CHECK(result.vector == TS);
    CHECK(result.error_code == (tss_selector | ext));
}

TEST_CASE("A 32-bit TSS that ends just behind the stack pointer will do", "[delivery]")
{
    Broken guest;
    guest.state.tr.limit = 9;
    CHECK(deliver(guest.state, guest.memory, hardware_interrupt(guest.state, 32)).vector == 32);
}

TEST_CASE("A 16-bit TSS too short for the stack pointer is #TS as well", "[delivery]")
{
    Broken guest;
    guest.set_gate(TS, Descriptor::gate(Selector { conforming_code }, handler_at, interrupt_gate));
    guest.state.tr = { tss_selector, busy_tss_16, tss_at, 4 }; // SS0 ends at 5
    CHECK(deliver(guest.state, guest.memory, hardware_interrupt(guest.state, 32)).vector == TS);
}

TEST_CASE("The stack segment of the TSS must be writable data of the handler's ring", "[delivery]")
{
    Broken guest;
    SECTION("null")
    {
        guest.use_inner_stack(0);
        guest.check_failure(TS, ext);
    }
    SECTION("beyond the GDT")
    {
        guest.use_inner_stack(0x80);
        guest.check_failure(TS, 0x80 | ext);
    }
    SECTION("RPL")
    {
        guest.use_inner_stack(data_0 | 1);
        guest.check_failure(TS, data_0 | ext);
    }
    SECTION("DPL")
    {
        guest.use_inner_stack(data_1 & ~3);
        guest.check_failure(TS, (data_1 & ~3u) | ext);
    }
    SECTION("read-only")
    {
        guest.set_spare(0xFFFFFFFF, 0xC090);
        guest.use_inner_stack(spare);
        guest.check_failure(TS, spare | ext);
    }
    SECTION("code")
    {
        guest.use_inner_stack(code_0);
        guest.check_failure(TS, code_0 | ext);
    }
    SECTION("not present: #SS")
    {
        guest.set_spare(0xFFFFFFFF, flat_data_0 & ~not_present);
        guest.use_inner_stack(spare);
        guest.check_failure(SS, spare | ext);
    }
}

TEST_CASE("A frame that does not fit the inner stack is #SS with its selector", "[delivery]")
{
    Broken guest;
    guest.set_spare(0xFFF, 0x4092);
    guest.use_inner_stack(spare);
    SECTION("at the bottom")
    {
        guest.put<uint32_t>(tss_at + 4, 16);
        guest.check_failure(SS, spare | ext);
    }
    SECTION("beyond the limit")
    {
        guest.put<uint32_t>(tss_at + 4, 0x1004);
        guest.check_failure(SS, spare | ext);
    }
    SECTION("expand-down")
    {
        guest.set_spare(0xFFF, 0x4096);
        guest.put<uint32_t>(tss_at + 4, 0x1010);
        guest.check_failure(SS, spare | ext);
    }
    SECTION("just fits")
    {
        guest.put<uint32_t>(tss_at + 4, 20);
        CHECK(deliver(guest.state, guest.memory, hardware_interrupt(guest.state, 32)).vector == 32);
    }
}

TEST_CASE("A frame that does not fit the current stack is #SS(EXT)", "[delivery]")
{
    Broken guest;
    guest.enter_ring(1);
    guest.lead_to(code_1);
    guest.set_gate(SS, Descriptor::gate(Selector { code_0 }, handler_at, interrupt_gate));
    guest.state.gpr[Esp] = 8;
    guest.state.segment(Ss).limit = 0xFFFFF;
    auto result = deliver(guest.state, guest.memory, hardware_interrupt(guest.state, 32));
    CHECK(result.vector == SS);
    CHECK(result.error_code == ext);
}

TEST_CASE("A failed delivery leaves the program's state to the second handler", "[delivery]")
{
    Broken guest;
    guest.set_spare(0xFFF, 0x409A);
    guest.lead_to(spare, 0x1000);
    guest.failure();
    CHECK(
        guest.stack(6) == Items { ext, code_at, code_3, eflags::fixed | eflags::if_ | eflags::rf, user_stack, data_3 });
}

TEST_CASE("Page faults on the tables of delivery are supervisor accesses", "[delivery]")
{
    Broken guest;
    guest.enable_paging();
    guest.set_gate(PF, Descriptor::gate(Selector { code_1 }, Broken::handler_of(PF), interrupt_gate));
    auto check_page_fault = [&](uint32_t address, uint32_t error_code) {
        guest.check_failure(PF, error_code);
        CHECK(guest.state.cr2 == address);
    };
    SECTION("the IDT")
    {
        guest.state.idtr = { 0x60000 - 32 * 8, 0x7FF }; // gates 0 to 31 on the page before
        for (unsigned vector = 0; vector < 32; ++vector)
            guest.put(0x60000 - 32 * 8 + vector * 8, guest.get<uint64_t>(idt_at + vector * 8));
        guest.unmap(0x60000);
        check_page_fault(0x60000, 0);
    }
    SECTION("a descriptor")
    {
        guest.state.ldtr = { ldt_selector, ldt_attributes, ldt_at, 0xFF };
        guest.unmap(ldt_at);
        guest.lead_to(0x14);
        check_page_fault(ldt_at + 0x10, 0);
    }
    SECTION("the accessed bit of a read-only descriptor table")
    {
        guest.set_gdt(code_1, Descriptor::segment(0, 0xFFFFFFFF, flat_code_1 | 1));
        guest.set_gdt(data_1, Descriptor::segment(0, 0xFFFFFFFF, flat_data_1 | 1));
        guest.set_page(gdt_at, gdt_at | 5);
        check_page_fault(gdt_at + data_0 + 5, 3);
    }
}

TEST_CASE("A page fault on the inner stack names the first push and is a supervisor write", "[delivery]")
{
    Broken guest;
    guest.enable_paging();
    SECTION("all of it")
    {
        guest.unmap(kernel_stack - page_size);
        guest.check_failure(PF, 2);
        CHECK(guest.state.cr2 == kernel_stack - 4);
    }
    SECTION("its lower part")
    {
        guest.put<uint32_t>(tss_at + 4, kernel_stack + 8);
        guest.unmap(kernel_stack - page_size);
        guest.check_failure(PF, 2);
        CHECK(guest.state.cr2 == kernel_stack - 4);
        CHECK(guest.get<uint32_t>(kernel_stack) == 0); // nothing was pushed above either
    }
    SECTION("read-only")
    {
        guest.set_page(kernel_stack - page_size, (kernel_stack - page_size) | 5);
        guest.check_failure(PF, 3);
    }
}

TEST_CASE("A page fault on the program's own stack is a user write", "[delivery]")
{
    Broken guest;
    guest.enable_paging();
    guest.set_gate(32, Descriptor::gate(Selector { conforming_code }, handler_at, interrupt_gate));
    guest.unmap(user_stack - page_size);
    guest.check_failure(PF, 6);
    CHECK(guest.state.cr2 == user_stack - 4);
}
