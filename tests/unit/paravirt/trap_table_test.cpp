#include "strategies/paravirt/trap_table.hpp"

#include "tests/unit/paravirt/paravirt_world.hpp"

#include <vector>

using namespace ringside;
using namespace ringside::test;
using paravirt::TrapTable;

namespace {

constexpr uint32_t other_stack = 0x58000;

uint32_t handler_of(unsigned vector)
{
    return 0x61000 + vector * 16;
}

pv_trap_entry entry(uint8_t vector, uint8_t ring = 0, uint8_t flags = 0)
{
    return { handler_of(vector), vector, ring, flags, 0 };
}

Event interrupt(uint8_t vector, uint32_t eip)
{
    return { .type = EventType::ExternalInterrupt, .vector = vector, .return_eip = eip };
}
Event exception(uint8_t vector, uint32_t eip)
{
    return { .type = EventType::HardwareException, .vector = vector, .return_eip = eip };
}
Event page_fault_event(uint32_t error_code, uint32_t address, uint32_t eip)
{
    return { EventType::HardwareException, PF, true, error_code, address, eip, 0 };
}

struct TrapWorld : ParavirtWorld {
    TrapTable table;

    void set(std::vector<pv_trap_entry> entries) { REQUIRE(table.set(entries) == PV_OK); }
    Delivery deliver(const Event& event) { return table.deliver(state, memory, other_stack, event); }
    std::vector<uint32_t> stack(unsigned count)
    {
        std::vector<uint32_t> items;
        for (uint32_t i = 0; i < count; ++i)
            items.push_back(get(state.gpr[Esp] + 4 * i));
        return items;
    }
};

}

TEST_CASE("A trap from virtual ring 0 stays on its stack, and the frame says ring 0", "[paravirt]")
{
    TrapWorld world;
    world.set({ entry(32) });
    world.state.eflags = eflags::fixed | eflags::cf | eflags::if_;
    auto delivery = world.deliver(interrupt(32, 0x1234));
    CHECK(delivery.outcome == Delivery::Outcome::Delivered);
    CHECK(delivery.from_ring == 0);
    CHECK(delivery.to_ring == 0);
    CHECK(world.state.eip == handler_of(32));
    CHECK(world.state.gpr[Esp] == pv_stack - 12);
    CHECK(world.stack(3) == std::vector<uint32_t> { 0x1234, PV_KERNEL_CS_IN_FRAME, eflags::fixed | eflags::cf | eflags::if_ });
    CHECK((world.state.eflags & eflags::if_) == 0);
}

TEST_CASE("A trap from virtual ring 3 changes to the kernel's stack and keeps the program's", "[paravirt]")
{
    TrapWorld world;
    world.set({ entry(PF) });
    world.enter_program();
    world.state.gpr[Esp] = 0x7777;
    world.state.eflags |= eflags::if_;
    auto delivery = world.deliver(page_fault_event(6, 0xDEAD0000, 0x400123));
    CHECK(delivery.from_ring == 3);
    CHECK(delivery.to_ring == 0);
    CHECK(world.state.cpl() == 0);
    CHECK(world.state.segment(Cs).selector == PV_KERNEL_CS);
    CHECK(world.state.segment(Ss).selector == PV_KERNEL_DS);
    CHECK(world.state.gpr[Esp] == other_stack - 24);
    CHECK(world.stack(6)
        == std::vector<uint32_t> { 6, 0x400123, PV_USER_CS, eflags::fixed | eflags::if_, 0x7777, PV_USER_DS });
    CHECK(world.state.cr2 == 0xDEAD0000);
}

TEST_CASE("A handler that keeps interrupts is entered with the flag as it was", "[paravirt]")
{
    TrapWorld world;
    world.set({ entry(BP, 3, PV_TRAP_KEEPS_INTERRUPTS), entry(DE) });
    world.state.eflags |= eflags::if_ | eflags::tf;
    world.deliver(exception(BP, 1));
    CHECK((world.state.eflags & eflags::if_) != 0);
    CHECK((world.state.eflags & eflags::tf) == 0);
    world.deliver(exception(DE, 1));
    CHECK((world.state.eflags & eflags::if_) == 0);
}

TEST_CASE("Only a vector that is open to ring 3 may be used by INT n there", "[paravirt]")
{
    TrapWorld world;
    world.set({ entry(0x80, 3), entry(PF) });
    CHECK_FALSE(world.table.check_software_interrupt(world.state, PF));
    world.enter_program();
    CHECK_FALSE(world.table.check_software_interrupt(world.state, 0x80));
    for (uint8_t closed : { uint8_t { PF }, uint8_t { 0x81 } }) {
        auto fault = world.table.check_software_interrupt(world.state, closed);
        REQUIRE(fault);
        CHECK(fault->vector == GP);
        CHECK(fault->error_code == closed * 8u + 2u);
    }
}

TEST_CASE("An exception without a handler is a double fault, and that without one the end", "[paravirt]")
{
    TrapWorld world;
    SECTION("a handler for double faults")
    {
        world.set({ entry(DF) });
        auto delivery = world.deliver(exception(DE, 0x4444));
        CHECK(delivery.outcome == Delivery::Outcome::Delivered);
        CHECK(delivery.vector == DF);
        CHECK(world.state.eip == handler_of(DF));
        CHECK(world.stack(2) == std::vector<uint32_t> { 0, pv_code });
    }
    SECTION("none")
    {
        auto before = world.state;
        auto delivery = world.deliver(exception(BP, 0x4444));
        CHECK(delivery.outcome == Delivery::Outcome::TripleFault);
        CHECK(describe_chain(delivery) == "#BP, then #GP(0x1A), then #DF(0x0), then #GP(0x42)");
        CHECK(world.state == before);
    }
}

TEST_CASE("An event from outside without a handler is lost", "[paravirt]")
{
    TrapWorld world;
    auto before = world.state;
    CHECK(world.deliver(interrupt(36, 1)).outcome == Delivery::Outcome::Delivered);
    CHECK(world.deliver({ .type = EventType::Nmi, .vector = NMI }).outcome == Delivery::Outcome::Delivered);
    CHECK(world.state == before);
}

TEST_CASE("A kernel stack that cannot take the frame is a double fault, and a bad one for that the end", "[paravirt]")
{
    TrapWorld world;
    world.set({ entry(DE), entry(DF) });
    uint32_t bad = GENERATE(as<uint32_t> {}, 0, 8, pv_absent_page + 4, pv_read_only_page + 0x800, 0x400010, 0xC0000000,
        PV_MONITOR_BASE, PV_MONITOR_BASE + 4, PV_SHARED_INFO + 0x800, PV_HYPERCALL_PAGE + 0x800, 0xFFFFFFFF, 0xFFFFFFFC);
    INFO(std::hex << bad);
    SECTION("in virtual ring 0: its own stack")
    {
        world.state.gpr[Esp] = bad;
        auto before = world.state;
        CHECK(world.deliver(exception(DE, 1)).outcome == Delivery::Outcome::TripleFault);
        CHECK(world.state == before);
    }
    SECTION("in virtual ring 3: the one in the shared-info page")
    {
        world.enter_program();
        auto before = world.state;
        auto delivery = world.table.deliver(world.state, world.memory, bad, exception(DE, 1));
        CHECK(delivery.outcome == Delivery::Outcome::TripleFault);
        CHECK(world.state == before);
    }
}

TEST_CASE("A table with a vector twice, a ring that does not exist or unknown flags is refused whole", "[paravirt]")
{
    TrapWorld world;
    world.set({ entry(1) });
    auto refused = [&](std::vector<pv_trap_entry> entries) { return world.table.set(entries) == PV_ERROR_INVALID; };
    CHECK(refused({ entry(2), entry(3), entry(2) }));
    CHECK(refused({ entry(2, 1) }));
    CHECK(refused({ entry(2, 255) }));
    CHECK(refused({ entry(2, 0, 2) }));
    CHECK(refused({ { 0, 2, 0, 0, 1 } }));
    CHECK(world.table.handles(1));
    CHECK_FALSE(world.table.handles(2));
    world.set({});
    CHECK_FALSE(world.table.handles(1));
}
