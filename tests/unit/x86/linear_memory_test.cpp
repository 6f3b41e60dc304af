#include "core/x86/linear_memory.hpp"

#include "tests/catch.hpp"
#include "tests/unit/x86/test_guest.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr uint32_t here = 0x40000, frame_a = 0x50000, frame_b = 0x60000;

// Two neighboring linear pages on frames that are not neighbors.
struct TwoPages : TestGuest {
    TwoPages()
    {
        enable_paging();
        set_page(here, frame_a | 7);
        set_page(here + page_size, frame_b | 7);
    }
    LinearMemory linear { memory, state };
};

}

TEST_CASE("A scalar across a page boundary is read from and written to both frames", "[linear-memory]")
{
    TwoPages guest;
    Gla boundary { here + 0xFFE };
    REQUIRE_FALSE(guest.linear.write(boundary, uint32_t { 0x44332211 }, Privilege::User));
    CHECK(guest.get<uint16_t>(frame_a + 0xFFE) == 0x2211);
    CHECK(guest.get<uint16_t>(frame_b) == 0x4433);
    uint32_t value = 0;
    REQUIRE_FALSE(guest.linear.read(boundary, value, Privilege::User));
    CHECK(value == 0x44332211);
}

TEST_CASE("A write that faults on its second page writes nothing to the first", "[linear-memory]")
{
    TwoPages guest;
    guest.set_page(here + page_size, frame_b | 5);
    auto fault = guest.linear.write(Gla { here + 0xFFE }, uint32_t { 0x44332211 }, Privilege::User);
    REQUIRE(fault);
    CHECK(*fault == page_fault(7, Gla { here + page_size }));
    CHECK(guest.get<uint16_t>(frame_a + 0xFFE) == 0);
}

TEST_CASE("A fault on the first page names the address of the access itself", "[linear-memory]")
{
    TwoPages guest;
    guest.unmap(here);
    uint32_t value = 0x5A5A5A5A;
    auto fault = guest.linear.read(Gla { here + 0xFFE }, value, Privilege::Supervisor);
    REQUIRE(fault);
    CHECK(*fault == page_fault(0, Gla { here + 0xFFE }));
    CHECK(value == 0x5A5A5A5A);
}

TEST_CASE("An access that ends at the page boundary does not touch the next page", "[linear-memory]")
{
    TwoPages guest;
    guest.unmap(here + page_size);
    CHECK_FALSE(guest.linear.write(Gla { here + 0xFFC }, uint32_t { 1 }, Privilege::User));
}

TEST_CASE("Accesses wrap at 4 GiB", "[linear-memory]")
{
    TwoPages guest;
    guest.put(directory_at + 0xFFC, uint32_t { table_at | 7 }); // the table serves the top 4 MiB as well
    guest.set_page(0x3FF000, frame_a | 7);                      // so this is 0xFFFFF000
    guest.set_page(0, frame_b | 7);
    REQUIRE_FALSE(guest.linear.write(Gla { 0xFFFFFFFE }, uint32_t { 0x44332211 }, Privilege::User));
    CHECK(guest.get<uint16_t>(frame_a + 0xFFE) == 0x2211);
    CHECK(guest.get<uint16_t>(frame_b) == 0x4433);
}

TEST_CASE("What is not RAM reads as ones and swallows writes", "[linear-memory]")
{
    TestGuest guest;
    LinearMemory linear(guest.memory, guest.state);
    uint32_t value = 0;
    CHECK_FALSE(linear.write(Gla { 0xFEE00000 }, uint32_t { 1 }, Privilege::Supervisor));
    REQUIRE_FALSE(linear.read(Gla { 0xFEE00000 }, value, Privilege::Supervisor));
    CHECK(value == 0xFFFFFFFF);
}

TEST_CASE("An access half in RAM reads ones for the rest", "[linear-memory]")
{
    TestGuest guest;
    guest.put(0x9FFFE, uint16_t { 0x2211 });
    uint32_t value = 0;
    REQUIRE_FALSE(LinearMemory(guest.memory, guest.state).read(Gla { 0x9FFFE }, value, Privilege::Supervisor));
    CHECK(value == 0xFFFF2211);
}

TEST_CASE("Translation gives both runs of a range", "[linear-memory]")
{
    TwoPages guest;
    LinearMemory::Extent extent;
    REQUIRE_FALSE(guest.linear.translate(Gla { here + 0xFF0 }, 0x30, Access::Write, Privilege::User, extent));
    CHECK(extent.first == Gpa { frame_a + 0xFF0 });
    CHECK(extent.first_length == 0x10);
    CHECK(extent.second == Gpa { frame_b });
    CHECK(extent.second_length == 0x20);
    CHECK((guest.page(here) & page_entry::dirty));
    CHECK((guest.page(here + page_size) & page_entry::dirty));
}
