#include "strategies/paravirt/frame_return.hpp"

#include "tests/unit/paravirt/paravirt_world.hpp"

using namespace ringside;
using namespace ringside::test;
using namespace ringside::paravirt;

namespace {

constexpr uint32_t boundary = 0xC0000000;

struct ReturnWorld : ParavirtWorld {
    void frame(std::initializer_list<uint32_t> items)
    {
        uint32_t at = pv_stack - 4 * static_cast<uint32_t>(items.size());
        state.gpr[Esp] = at;
        for (uint32_t item : items) {
            put(at, item);
            at += 4;
        }
    }
    MaybeFault go() { return return_from_frame(state, memory, boundary); }
};

}

TEST_CASE("A frame of virtual ring 0 returns there, with the interrupt flag of the frame", "[paravirt]")
{
    ReturnWorld world;
    uint32_t selector = GENERATE(as<uint32_t> {}, PV_KERNEL_CS_IN_FRAME, PV_KERNEL_CS);
    uint32_t flag = GENERATE(as<uint32_t> {}, 0, eflags::if_);
    world.frame({ 0x1234, selector, eflags::fixed | eflags::zf | flag });
    REQUIRE_FALSE(world.go());
    CHECK(world.state.cpl() == 0);
    CHECK(world.state.segment(Cs).selector == PV_KERNEL_CS);
    CHECK(world.state.eip == 0x1234);
    CHECK(world.state.gpr[Esp] == pv_stack);
    CHECK(world.state.eflags == (eflags::fixed | eflags::zf | flag));
}

TEST_CASE("A frame of virtual ring 3 returns to truncated segments, always with interrupts on", "[paravirt]")
{
    ReturnWorld world;
    world.state.segment(Ds) = user_data(boundary);
    world.frame({ 0x400000, PV_USER_CS, eflags::fixed, 0xBFFFF000, PV_USER_DS });
    REQUIRE_FALSE(world.go());
    CHECK(world.state.cpl() == 3);
    CHECK(world.state.segment(Cs) == user_code(boundary));
    CHECK(world.state.segment(Cs).limit == 0xBFFFFFFF);
    CHECK(world.state.segment(Ss) == user_data(boundary));
    CHECK(world.state.segment(Ds) == user_data(boundary));
    CHECK(world.state.segment(Es) == Segment {}); // it was the kernel's
    CHECK(world.state.eip == 0x400000);
    CHECK(world.state.gpr[Esp] == 0xBFFFF000);
    CHECK(world.state.eflags == (eflags::fixed | eflags::if_));
}

TEST_CASE("What is not the guest's to set stays out of EFLAGS", "[paravirt]")
{
    ReturnWorld world;
    world.frame({ 0, PV_KERNEL_CS, 0xFFFFFFFF });
    REQUIRE_FALSE(world.go());
    CHECK((world.state.eflags & (eflags::iopl | eflags::vm | eflags::nt | eflags::rf | eflags::vif | eflags::vip)) == 0);
    CHECK((world.state.eflags & 0xFFC08028) == 0); // reserved bits
    CHECK((world.state.eflags & (eflags::tf | eflags::ac | eflags::id | eflags::df)) != 0);
}

TEST_CASE("Selectors that no virtual ring has are #GP with the selector, and nothing has changed", "[paravirt]")
{
    ReturnWorld world;
    struct Bad {
        uint32_t cs, ss, code;
    };
    const auto& bad = GENERATE(values<Bad>({
        { 0, PV_USER_DS, 0 },
        { 0x08, PV_USER_DS, 0x08 },
        { 0x33, PV_USER_DS, 0x30 },
        { 0x23, PV_USER_DS, 0x20 },
        { PV_USER_CS & ~3, PV_USER_DS, 0x1C },
        { PV_KERNEL_DS, PV_USER_DS, 0x14 },
        { PV_USER_CS, 0, 0 },
        { PV_USER_CS, PV_KERNEL_DS, 0x14 },
        { PV_USER_CS, PV_USER_CS, 0x1C },
        { PV_USER_CS, 0x2B, 0x28 },
    }));
    world.frame({ 0x400000, bad.cs, 0x202, 0xBFFFF000, bad.ss });
    auto before = world.state;
    auto fault = world.go();
    REQUIRE(fault);
    CHECK(fault->vector == GP);
    CHECK(fault->error_code == bad.code);
    CHECK(world.state == before);
}

TEST_CASE("A frame that cannot be read is a page fault at its address", "[paravirt]")
{
    ReturnWorld world;
    SECTION("not at all")
    {
        world.state.gpr[Esp] = pv_absent_page;
        auto fault = world.go();
        REQUIRE(fault);
        CHECK(*fault == page_fault(0, Gla { pv_absent_page }));
    }
    SECTION("only its inner part")
    {
        world.put(pv_absent_page - 12, 0u);
        world.put(pv_absent_page - 8, uint32_t { PV_USER_CS });
        world.state.gpr[Esp] = pv_absent_page - 12;
        auto before = world.state;
        auto fault = world.go();
        REQUIRE(fault);
        CHECK(*fault == page_fault(0, Gla { pv_absent_page }));
        CHECK(world.state == before);
    }
    SECTION("at the end of the address space")
    {
        world.state.gpr[Esp] = 0xFFFFFFF8;
        CHECK(world.go());
    }
}

TEST_CASE("The return half of the system-call gate goes to EDX with the stack in ECX", "[paravirt]")
{
    ParavirtWorld world;
    world.state.gpr[Edx] = 0x400010;
    world.state.gpr[Ecx] = 0xBFFF0000;
    return_to_program(world.state, boundary);
    CHECK(world.state.cpl() == 3);
    CHECK(world.state.eip == 0x400010);
    CHECK(world.state.gpr[Esp] == 0xBFFF0000);
    CHECK((world.state.eflags & eflags::if_) != 0);
}
