#include "core/x86/segment_load.hpp"

#include "tests/catch.hpp"
#include "tests/unit/x86/test_guest.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

struct Loading : TestGuest {
    // Puts a descriptor with these attributes at the spare selector and loads it with this RPL.
    MaybeFault load(SegmentRegister which, uint16_t attributes, unsigned rpl = 0)
    {
        set_gdt(spare, Descriptor::segment(0x1000, 0xFFF, attributes));
        return load_segment(state, memory, which, Selector { static_cast<uint16_t>(spare | rpl) });
    }
    MaybeFault check_code(uint16_t attributes, unsigned rpl, CodeTransfer transfer)
    {
        set_gdt(spare, Descriptor::segment(0x1000, 0xFFF, attributes));
        FoundDescriptor found;
        return check_code_segment(memory, state, Selector { static_cast<uint16_t>(spare | rpl) }, transfer, found);
    }
};

Fault gp(uint32_t code)
{
    return fault_with_code(GP, code);
}

}

TEST_CASE("Loading a data segment fills the hidden part and sets the accessed bit", "[segment-load]")
{
    Loading guest;
    REQUIRE_FALSE(guest.load(Ds, 0x4092));
    CHECK(guest.state.segment(Ds) == Segment { spare, 0x4093, 0x1000, 0xFFF });
    CHECK(guest.gdt(spare).attributes() == 0x4093);
}

TEST_CASE("Data registers take data and readable code", "[segment-load]")
{
    Loading guest;
    CHECK_FALSE(guest.load(Es, 0x4090));        // read-only data
    CHECK_FALSE(guest.load(Es, 0x409A));        // readable code
    CHECK(guest.load(Es, 0x4098) == gp(spare)); // execute-only code
    CHECK(guest.load(Es, 0x0089) == gp(spare)); // a TSS
    CHECK(guest.load(Es, 0x4012) == fault_with_code(NP, spare));
}

TEST_CASE("CPL and RPL must both reach the DPL of data", "[segment-load]")
{
    Loading guest;
    CHECK_FALSE(guest.load(Ds, 0x4092, 0));
    CHECK(guest.load(Ds, 0x4092, 1) == gp(spare));
    CHECK_FALSE(guest.load(Ds, 0x40F2, 3));
    guest.enter_ring(3);
    CHECK(guest.load(Ds, 0x4092, 0) == gp(spare));
    CHECK(guest.load(Ds, 0x40D2, 2) == gp(spare));
    CHECK_FALSE(guest.load(Ds, 0x40F2, 0));
    CHECK_FALSE(guest.load(Ds, 0x409E, 3)); // readable conforming code is open to all
    CHECK(guest.load(Ds, 0x409A, 3) == gp(spare));
}

TEST_CASE("A null selector loads into data registers and not into SS", "[segment-load]")
{
    Loading guest;
    REQUIRE_FALSE(load_segment(guest.state, guest.memory, Fs, Selector { 3 }));
    CHECK(guest.state.segment(Fs) == Segment { 3, 0, 0, 0 });
    CHECK(load_segment(guest.state, guest.memory, Ss, Selector { 0 }) == gp(0));
}

TEST_CASE("A failed load changes nothing", "[segment-load]")
{
    Loading guest;
    CpuState before = guest.state;
    CHECK(guest.load(Ds, 0x4012) == fault_with_code(NP, spare));
    CHECK(guest.state == before);
    CHECK(guest.gdt(spare).attributes() == 0x4012);
    CHECK(load_segment(guest.state, guest.memory, Ds, Selector { 0xFFF8 }) == gp(0xFFF8));
    CHECK(guest.state == before);
}

TEST_CASE("SS takes writable data of exactly the CPL", "[segment-load]")
{
    Loading guest;
    CHECK_FALSE(guest.load(Ss, 0x4092));
    CHECK(guest.load(Ss, 0x4092, 3) == gp(spare)); // RPL
    CHECK(guest.load(Ss, 0x40F2) == gp(spare));    // DPL
    CHECK(guest.load(Ss, 0x4090) == gp(spare));    // read-only
    CHECK(guest.load(Ss, 0x409A) == gp(spare));    // code
    CHECK(guest.load(Ss, 0x4012) == fault_with_code(SS, spare));
    guest.enter_ring(3);
    CHECK_FALSE(guest.load(Ss, 0x40F2, 3));
    CHECK(guest.load(Ss, 0x4092, 3) == gp(spare));
}

TEST_CASE("Real-address and virtual-8086 mode load any selector without tables", "[segment-load]")
{
    Loading guest;
    guest.state.gdtr.limit = 0;
    SECTION("real")
    {
        guest.state.cr0 &= ~cr0::pe;
        REQUIRE_FALSE(load_segment(guest.state, guest.memory, Ss, Selector { 0xB800 }));
    }
    SECTION("virtual-8086")
    {
        guest.state.eflags |= eflags::vm;
        REQUIRE_FALSE(load_segment(guest.state, guest.memory, Ss, Selector { 0xB800 }));
        CHECK(guest.state.segment(Ss).limit == 0xFFFF);
    }
    CHECK(guest.state.segment(Ss).selector == 0xB800);
    CHECK(guest.state.segment(Ss).base == 0xB8000);
}

TEST_CASE("A direct transfer stays in its ring, or enters conforming code that is as privileged", "[segment-load]")
{
    Loading guest;
    guest.enter_ring(3);
    auto direct = CodeTransfer::Direct;
    CHECK_FALSE(guest.check_code(0x40FA, 3, direct));
    CHECK_FALSE(guest.check_code(0x40FA, 0, direct)); // RPL may be lower
    CHECK(guest.check_code(0x409A, 3, direct) == gp(spare));
    CHECK_FALSE(guest.check_code(0x409E, 3, direct)); // conforming
    guest.enter_ring(0);
    CHECK(guest.check_code(0x409A, 3, direct) == gp(spare)); // RPL may not be higher
    CHECK(guest.check_code(0x40FA, 3, direct) == gp(spare)); // outward
    CHECK(guest.check_code(0x40FE, 0, direct) == gp(spare)); // conforming, but less privileged
    CHECK(guest.check_code(0x4092, 0, direct) == gp(spare)); // data
    CHECK(guest.check_code(0x401A, 0, direct) == fault_with_code(NP, spare));
}

TEST_CASE("A return goes to the ring of its selector, and never inward", "[segment-load]")
{
    Loading guest;
    auto back = CodeTransfer::Return;
    CHECK_FALSE(guest.check_code(0x409A, 0, back));
    CHECK_FALSE(guest.check_code(0x40FA, 3, back));
    CHECK(guest.check_code(0x40FA, 0, back) == gp(spare)); // DPL is not RPL
    CHECK_FALSE(guest.check_code(0x409E, 3, back));        // conforming
    CHECK(guest.check_code(0x40FE, 0, back) == gp(spare));
    guest.enter_ring(3);
    CHECK(guest.check_code(0x409A, 0, back) == gp(spare));
    FoundDescriptor found;
    CHECK(check_code_segment(guest.memory, guest.state, Selector { 2 }, back, found) == gp(0));
}

TEST_CASE("LLDT takes an LDT descriptor of the GDT, or null", "[segment-load]")
{
    Loading guest;
    REQUIRE_FALSE(load_ldtr(guest.state, guest.memory, Selector { ldt_selector }));
    CHECK(guest.state.ldtr == Segment { ldt_selector, ldt_attributes, ldt_at, 0xFF });
    CHECK(load_ldtr(guest.state, guest.memory, Selector { ldt_selector | 4 }) == gp(ldt_selector | 4));
    CHECK(load_ldtr(guest.state, guest.memory, Selector { data_0 }) == gp(data_0));
    guest.set_gdt(ldt_selector, Descriptor::segment(ldt_at, 0xFF, ldt_attributes & ~not_present));
    CHECK(load_ldtr(guest.state, guest.memory, Selector { ldt_selector }) == fault_with_code(NP, ldt_selector));
    REQUIRE_FALSE(load_ldtr(guest.state, guest.memory, Selector { 0 }));
    CHECK_FALSE(guest.state.ldtr.is_present());
}

TEST_CASE("LTR takes an available TSS and marks it busy", "[segment-load]")
{
    Loading guest;
    REQUIRE_FALSE(load_tr(guest.state, guest.memory, Selector { task_selector }));
    CHECK(guest.state.tr == Segment { task_selector, busy_tss_32, task_tss_at, 103 });
    CHECK(guest.gdt(task_selector).is(SystemType::BusyTss32));
    CHECK(load_tr(guest.state, guest.memory, Selector { task_selector }) == gp(task_selector)); // busy now
    CHECK(load_tr(guest.state, guest.memory, Selector { 0 }) == gp(0));
    CHECK(load_tr(guest.state, guest.memory, Selector { data_0 }) == gp(data_0));
    CHECK(load_tr(guest.state, guest.memory, Selector { 0x2C }) == gp(0x2C));
    guest.set_gdt(spare, Descriptor::segment(task_tss_at, 103, tss_16));
    REQUIRE_FALSE(load_tr(guest.state, guest.memory, Selector { spare }));
    CHECK(guest.gdt(spare).is(SystemType::BusyTss16));
    guest.set_gdt(spare, Descriptor::segment(task_tss_at, 103, tss_32 & ~not_present));
    CHECK(load_tr(guest.state, guest.memory, Selector { spare }) == fault_with_code(NP, spare));
}
