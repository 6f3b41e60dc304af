#include "core/x86/descriptors.hpp"

#include "tests/catch.hpp"
#include "tests/unit/x86/test_guest.hpp"

using namespace ringside;
using namespace ringside::test;

TEST_CASE("A segment descriptor decodes its scattered fields", "[descriptors]")
{
    Descriptor flat { 0x00CF9A000000FFFF };
    CHECK(flat.base() == 0);
    CHECK(flat.limit() == 0xFFFFFFFF);
    CHECK(flat.attributes() == 0xC09A);
    CHECK(flat.is_code());
    CHECK(flat.is_readable_code());
    CHECK_FALSE(flat.is_conforming_code());

    Descriptor scattered { 0x12457256789ABCDE };
    CHECK(scattered.base() == 0x1256789A);
    CHECK(scattered.limit() == 0x5BCDE);
    CHECK(scattered.attributes() == 0x4072);
    CHECK(scattered.dpl() == 3);
    CHECK_FALSE(scattered.is_present());
    CHECK(scattered.is_writable_data());
}

TEST_CASE("Granularity counts the limit in pages of which all bytes are valid", "[descriptors]")
{
    CHECK(Descriptor { 0x00C0920000000000 }.limit() == 0xFFF);
    CHECK(Descriptor { 0x0040920000000000 }.limit() == 0);
}

TEST_CASE("Segment descriptors encode and decode to the same", "[descriptors]")
{
    CHECK(Descriptor::segment(0, 0xFFFFFFFF, flat_code_0).raw == 0x00CF9A000000FFFF);
    auto descriptor = Descriptor::segment(0x12345678, 0xABCDE, 0x4092);
    CHECK(descriptor.base() == 0x12345678);
    CHECK(descriptor.limit() == 0xABCDE);
    CHECK(descriptor.attributes() == 0x4092);
    CHECK(descriptor.segment_register(Selector { 0x10 }) == Segment { 0x10, 0x4092, 0x12345678, 0xABCDE });
}

TEST_CASE("Gates encode and decode to the same", "[descriptors]")
{
    auto gate = Descriptor::gate(Selector { code_0 }, 0xC0123456, 0xEE);
    CHECK(gate.raw == 0xC012EE0000083456);
    CHECK(gate.is(SystemType::InterruptGate32));
    CHECK(gate.dpl() == 3);
    CHECK(gate.gate_selector() == Selector { code_0 });
    CHECK(gate.gate_offset() == 0xC0123456);
    CHECK(Descriptor::gate(Selector { code_0 }, 0, 0x8C, 7).gate_parameters() == 7);
}

TEST_CASE("Selectors take apart into index, table and RPL", "[descriptors]")
{
    Selector selector { 0x2F };
    CHECK(selector.rpl() == 3);
    CHECK(selector.is_local());
    CHECK(selector.table_offset() == 0x28);
    CHECK(selector.error_code() == 0x2C);
    CHECK(selector.error_code(selector_error::external) == 0x2D);
    CHECK(Selector { 3 }.is_null());
    CHECK_FALSE(Selector { 4 }.is_null()); // entry 0 of the LDT is an entry
}

TEST_CASE("A selector must name eight bytes inside its table", "[descriptors]")
{
    TestGuest guest;
    FoundDescriptor found;
    Fault outside = fault_with_code(GP, 0x99);
    auto find = [&](uint16_t selector) {
        return find_descriptor(guest.memory, guest.state, Selector { selector }, outside, found);
    };
    guest.state.gdtr.limit = 0x17;
    CHECK_FALSE(find(data_0));
    CHECK(found.address == Gla { gdt_at + data_0 });
    CHECK(found.descriptor == guest.gdt(data_0));
    guest.state.gdtr.limit = 0x16;
    CHECK(find(data_0) == outside);
    guest.state.gdtr.limit = 3;
    CHECK(find(0) == outside);
}

TEST_CASE("Local selectors need an LDT", "[descriptors]")
{
    TestGuest guest;
    guest.put(ldt_at + 8, Descriptor::segment(0x5000, 0xFF, 0x40F2).raw);
    FoundDescriptor found;
    Fault outside = fault_with_code(GP, 0x0C);
    guest.state.ldtr = { 0, 0, ldt_at, 0xFF }; // a leftover base and limit do not count
    CHECK(find_descriptor(guest.memory, guest.state, Selector { 0x0F }, outside, found) == outside);
    guest.state.ldtr = { ldt_selector, ldt_attributes, ldt_at, 0xFF };
    CHECK_FALSE(find_descriptor(guest.memory, guest.state, Selector { 0x0F }, outside, found));
    CHECK(found.descriptor.base() == 0x5000);
}

TEST_CASE("A page fault of the table comes back as a supervisor read", "[descriptors]")
{
    TestGuest guest;
    guest.enable_paging();
    guest.enter_ring(3);
    guest.unmap(gdt_at);
    FoundDescriptor found;
    CHECK(find_descriptor(guest.memory, guest.state, Selector { data_3 }, fault_with_code(GP, 0), found)
        == page_fault(0, Gla { gdt_at + 0x20 }));
}

TEST_CASE("The accessed bit is written once, and only if clear", "[descriptors]")
{
    TestGuest guest;
    guest.enable_paging();
    FoundDescriptor found;
    REQUIRE_FALSE(find_descriptor(guest.memory, guest.state, Selector { data_0 }, {}, found));
    REQUIRE_FALSE(mark_accessed(guest.memory, guest.state, found));
    CHECK(guest.gdt(data_0).attributes() == (flat_data_0 | 1));
    CHECK(found.descriptor == guest.gdt(data_0));
    guest.set_page(gdt_at, gdt_at | 1); // now read-only
    CHECK_FALSE(mark_accessed(guest.memory, guest.state, found));
    REQUIRE_FALSE(find_descriptor(guest.memory, guest.state, Selector { code_0 }, {}, found));
    CHECK(mark_accessed(guest.memory, guest.state, found) == page_fault(3, Gla { gdt_at + code_0 + 5 }));
}

TEST_CASE("Storing a system type leaves the rest of the descriptor", "[descriptors]")
{
    TestGuest guest;
    REQUIRE_FALSE(set_system_type(guest.memory, guest.state, Gla { gdt_at + task_selector }, SystemType::BusyTss32));
    CHECK(guest.gdt(task_selector) == Descriptor::segment(task_tss_at, 103, busy_tss_32));
}
