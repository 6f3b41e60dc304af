#include "strategies/paravirt/guest_access.hpp"

#include "core/paravirt_abi.h"
#include "tests/unit/paravirt/paravirt_world.hpp"

#include <array>

using namespace ringside;
using namespace ringside::test;
using paravirt::GuestAccess;

TEST_CASE("Guest memory is refused where any byte of it is absent, a device's, the monitor's, or behind 4 GiB", "[paravirt]")
{
    ParavirtWorld world;
    GuestAccess access(world.memory, world.state);
    struct Range {
        uint32_t address;
        uint64_t size;
        bool allowed;
    };
    const auto& range = GENERATE(values<Range>({
        { 0, 4, true },
        { 0x1000, 0x3000, true },
        { 0x1FFE, 4, true },                         // across two pages
        { pv_absent_page, 1, false },
        { pv_absent_page - 2, 4, false },            // the second page is absent
        { pv_absent_page - 2, 2, true },
        { pv_absent_page - 0x3000, 0x5000, false },  // one in the middle is
        { pv_device_page, 4, false },
        { pv_device_page - 2, 4, false },
        { 0x3FFFFC, 4, true },
        { 0x3FFFFE, 4, false },                      // no page table
        { PV_MONITOR_BASE - 4, 4, false },           // not the monitor's, but nothing is mapped
        { PV_MONITOR_BASE - 2, 4, false },
        { PV_MONITOR_BASE, 1, false },
        { PV_SHARED_INFO, 4, false },
        { PV_HYPERCALL_PAGE, 4, false },
        { 0xFFFFFFFC, 4, false },
        { 0xFFFFFFFF, 4, false },
        { 0xFFFFFFFF, 1, false },
        { 0x1000, 0xFFFFFFFF, false },
        { 0x1000, 0x100000000, false },
        { 0x1000, UINT64_MAX, false },
        { pv_absent_page, 0, true },                 // nothing is nowhere
        { PV_MONITOR_BASE, 0, true },
        { 0xFFFFFFFF, 0, true },
    }));
    INFO(std::hex << range.address << " " << range.size);
    CHECK(access.allows(range.address, range.size, Access::Read) == range.allowed);
    CHECK(access.allows(range.address, range.size, Access::Write) == range.allowed);
}

TEST_CASE("The monitor's addresses are refused although the guest's page tables map something there", "[paravirt]")
{
    ParavirtWorld world;
    world.put(pv_directory + (PV_MONITOR_BASE >> 22) * 4, pv_table | 7);
    GuestAccess access(world.memory, world.state);
    uint32_t value = 0;
    CHECK_FALSE(access.read(PV_MONITOR_BASE, value));
    CHECK_FALSE(access.write(PV_MONITOR_BASE + 0x1000, value));
    CHECK_FALSE(access.allows(PV_MONITOR_BASE, 1, Access::Read));
}

TEST_CASE("Without paging linear addresses are physical, and the monitor's are refused all the same", "[paravirt]")
{
    ParavirtWorld world;
    world.state.cr0 &= ~cr0::pg;
    world.put(0x500000, 0x12345678u);
    GuestAccess access(world.memory, world.state);
    uint32_t value = 0;
    CHECK(access.read(0x500000, value));
    CHECK(value == 0x12345678);
    CHECK_FALSE(access.read(0x800000, value)); // 8 MiB of memory
    CHECK_FALSE(access.read(PV_SHARED_INFO, value));
}

TEST_CASE("Reading takes read-only pages, writing does not", "[paravirt]")
{
    ParavirtWorld world;
    GuestAccess access(world.memory, world.state);
    uint32_t value = 7;
    CHECK(access.read(pv_read_only_page, value));
    CHECK_FALSE(access.write(pv_read_only_page, value));
    CHECK_FALSE(access.allows(pv_read_only_page - 4, 8, Access::Write));
}

TEST_CASE("Structures are 4-byte aligned", "[paravirt]")
{
    ParavirtWorld world;
    GuestAccess access(world.memory, world.state);
    uint32_t value = 0;
    for (uint32_t offset : { 1u, 2u, 3u }) {
        CHECK_FALSE(access.read(0x1000 + offset, value));
        CHECK_FALSE(access.write(0x1000 + offset, value));
    }
    CHECK(access.write(0x1000, value));
}

TEST_CASE("What lies on two pages is copied from and to both; what is refused is not copied at all", "[paravirt]")
{
    ParavirtWorld world;
    // The second page is somewhere else in physical memory.
    world.put(pv_table + 0x41 * 4, 0x90000 | 3u);
    world.put(0x40FFE, uint16_t { 0x1122 });
    world.put(0x90000, uint16_t { 0x3344 });
    GuestAccess access(world.memory, world.state);
    std::array<std::byte, 4> bytes {};
    REQUIRE(access.read_bytes(0x40FFE, bytes));
    CHECK(bytes == std::array { std::byte { 0x22 }, std::byte { 0x11 }, std::byte { 0x44 }, std::byte { 0x33 } });

    std::array<std::byte, 4> ones {};
    ones.fill(std::byte { 0xFF });
    REQUIRE(access.write_bytes(0x40FFE, ones));
    CHECK(world.get<uint16_t>(0x40FFE) == 0xFFFF);
    CHECK(world.get<uint16_t>(0x90000) == 0xFFFF);
    CHECK(world.get<uint16_t>(0x41000) == 0);

    CHECK_FALSE(access.write_bytes(pv_absent_page - 2, ones));
    CHECK(world.get<uint16_t>(pv_absent_page - 2) == 0);
    auto before = bytes;
    CHECK_FALSE(access.read_bytes(pv_absent_page - 2, bytes));
    CHECK(bytes == before);
}
