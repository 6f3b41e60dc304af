#include "strategies/paravirt/address_spaces.hpp"

#include "core/paravirt_abi.h"
#include "tests/unit/paravirt/paravirt_world.hpp"

using namespace ringside;
using namespace ringside::test;
using paravirt::AddressSpaces;

namespace {

constexpr uint32_t large = 0x80;

struct SpacesWorld : ParavirtWorld {
    AddressSpaces spaces { memory, substrate };

    // The address space of the world's own tables, in use.
    void create_current() { REQUIRE(spaces.create(pv_directory) == PV_OK); }
    uint32_t entry_of(uint32_t linear) { return pv_table + linear / page_size * 4; }
    int32_t update(uint32_t entry, uint32_t value)
    {
        int32_t answer = spaces.update(state, entry, value);
        spaces.finish(state);
        return answer;
    }
};

using Refreshes = std::vector<FakeSubstrate::Refresh>;

}

TEST_CASE("A directory is taken over once, whole and in RAM, or refused", "[paravirt]")
{
    SpacesWorld world;
    CHECK(world.spaces.create(pv_directory) == PV_OK);
    CHECK(world.spaces.create(pv_directory) == PV_ERROR_INVALID);
    uint32_t bad = GENERATE(as<uint32_t> {}, 1, pv_other_directory + 4, pv_other_directory + 0xFFF, 0xA0000, 0xFEC00000,
        0xFFFFF000, 0xFFFFFFFF, 0x800000);
    INFO(std::hex << bad);
    CHECK(world.spaces.create(bad) == PV_ERROR_INVALID);
    CHECK(world.spaces.size() == 1);
}

TEST_CASE("A directory with an entry that is not allowed is refused", "[paravirt]")
{
    SpacesWorld world;
    struct Bad {
        uint32_t index, entry;
    };
    const auto& bad = GENERATE(values<Bad>({
        { 0, 0x400000 | large | 3 },
        { 5, 0xA0000 | 3 },                          // no RAM
        { 5, 0xFFFFF000 | 3 },
        { 5, 0x800000 | 3 },
        { 1023, pv_other_table | 3 },                // the monitor's addresses
        { 7, pv_directory | 3 },                     // a directory
        { 7, pv_other_directory | 3 },               // itself
    }));
    world.create_current();
    world.put(pv_other_directory + bad.index * 4, bad.entry);
    CHECK(world.spaces.create(pv_other_directory) == PV_ERROR_INVALID);
    // What is not present says nothing.
    world.put(pv_other_directory + bad.index * 4, bad.entry & ~1u);
    CHECK(world.spaces.create(pv_other_directory) == PV_OK);
}

TEST_CASE("A frame that is a table does not become a directory", "[paravirt]")
{
    SpacesWorld world;
    world.create_current();
    CHECK(world.spaces.create(pv_table) == PV_ERROR_INVALID);
    CHECK(world.update(pv_directory, 0) == PV_OK);
    // Now it is nobody's any more.
    for (uint32_t offset = 0; offset < page_size; offset += 4)
        world.put(pv_table + offset, 0u);
    CHECK(world.spaces.create(pv_table) == PV_OK);
}

TEST_CASE("There is room for so many address spaces and no more", "[paravirt]")
{
    SpacesWorld world;
    for (uint32_t i = 0; i < PV_MOST_ADDRESS_SPACES; ++i)
        REQUIRE(world.spaces.create(0x100000 + i * page_size) == PV_OK);
    CHECK(world.spaces.create(pv_other_directory) == PV_ERROR_FULL);
    CHECK(world.spaces.destroy(world.state, 0x100000) == PV_OK);
    CHECK(world.spaces.create(pv_other_directory) == PV_OK);
}

TEST_CASE("Only what was taken over is switched to; the first switch turns paging on", "[paravirt]")
{
    SpacesWorld world;
    world.state.cr0 &= ~(cr0::pg | cr0::wp);
    world.state.cr3 = 0;
    CHECK(world.spaces.switch_to(world.state, pv_directory) == PV_ERROR_ABSENT);
    CHECK(world.substrate.directories_loaded.empty());
    world.create_current();
    CHECK(world.spaces.switch_to(world.state, pv_directory) == PV_OK);
    CHECK(world.state.cr3 == pv_directory);
    CHECK((world.state.cr0 & (cr0::pg | cr0::wp)) == (cr0::pg | cr0::wp));
    CHECK(world.substrate.paging_begun == 1);
    CHECK(world.spaces.switch_to(world.state, pv_directory) == PV_OK);
    CHECK(world.substrate.paging_begun == 1);
    CHECK(world.substrate.directories_loaded == std::vector<uint32_t> { pv_directory, pv_directory });
}

TEST_CASE("The address space in use is not destroyed, nor one that is not there", "[paravirt]")
{
    SpacesWorld world;
    world.create_current();
    CHECK(world.spaces.destroy(world.state, pv_directory) == PV_ERROR_INVALID);
    CHECK(world.spaces.destroy(world.state, pv_other_directory) == PV_ERROR_ABSENT);
    REQUIRE(world.spaces.create(pv_other_directory) == PV_OK);
    REQUIRE(world.spaces.switch_to(world.state, pv_other_directory) == PV_OK);
    CHECK(world.spaces.destroy(world.state, pv_directory) == PV_OK);
    CHECK_FALSE(world.spaces.contains(pv_directory));
    CHECK(world.spaces.destroy(world.state, pv_directory) == PV_ERROR_ABSENT);
}

TEST_CASE("A change of a table in use is in memory, with its flags, and the page it maps is refreshed", "[paravirt]")
{
    SpacesWorld world;
    world.create_current();
    CHECK(world.update(world.entry_of(0x23000), 0x5000 | 3) == PV_OK);
    CHECK(world.get(world.entry_of(0x23000)) == (0x5000 | 0x63));
    CHECK(world.update(world.entry_of(0x24000), 0x6000 | 1) == PV_OK);
    CHECK(world.get(world.entry_of(0x24000)) == (0x6000 | 0x21));
    CHECK(world.update(world.entry_of(0x25000), 0x7000 | 2) == PV_OK); // not present
    CHECK(world.get(world.entry_of(0x25000)) == (0x7000 | 2));
    CHECK(world.substrate.refreshed == Refreshes { { 0x23000, 1 }, { 0x24000, 1 }, { 0x25000, 1 } });
}

TEST_CASE("Tables that are handed over get the flags that the monitor sets for what it maps", "[paravirt]")
{
    SpacesWorld world;
    world.put(pv_other_directory + 4, pv_other_table | 3);
    world.put(pv_other_table, 0x1000 | 3);
    world.put(pv_other_table + 4, 0x2000 | 1);
    world.put(pv_other_table + 8, 0x3000 | 2);
    REQUIRE(world.spaces.create(pv_other_directory) == PV_OK);
    CHECK(world.get(pv_other_directory + 4) == (pv_other_table | 0x23));
    CHECK(world.get(pv_other_table) == (0x1000 | 0x63));
    CHECK(world.get(pv_other_table + 4) == (0x2000 | 0x21));
    CHECK(world.get(pv_other_table + 8) == (0x3000 | 2)); // not present
}

TEST_CASE("Neighbors that change in one batch are refreshed together", "[paravirt]")
{
    SpacesWorld world;
    world.create_current();
    for (uint32_t page = 0x40; page < 0x60; ++page)
        REQUIRE(world.spaces.update(world.state, pv_table + page * 4, 0) == PV_OK);
    REQUIRE(world.spaces.update(world.state, pv_table + 0x80 * 4, 0) == PV_OK);
    CHECK(world.substrate.refreshed.empty());
    world.spaces.finish(world.state);
    CHECK(world.substrate.refreshed == Refreshes { { 0x40000, 32 }, { 0x80000, 1 } });
}

TEST_CASE("A change of a directory in use refreshes its 4 MiB", "[paravirt]")
{
    SpacesWorld world;
    world.create_current();
    CHECK(world.update(pv_directory + 3 * 4, pv_other_table | 3) == PV_OK);
    CHECK(world.substrate.refreshed == Refreshes { { 3u << 22, 1024 } });
    // The new table is one now.
    world.substrate.refreshed.clear();
    CHECK(world.update(pv_other_table + 8, 0x1000 | 3) == PV_OK);
    CHECK(world.substrate.refreshed == Refreshes { { (3u << 22) + 0x2000, 1 } });
    // And is one no more when its last entry goes.
    CHECK(world.update(pv_directory + 3 * 4, 0) == PV_OK);
    CHECK(world.update(pv_other_table + 8, 0x2000 | 3) == PV_ERROR_ABSENT);
}

TEST_CASE("A table that maps several ranges refreshes all of them", "[paravirt]")
{
    SpacesWorld world;
    world.create_current();
    REQUIRE(world.update(pv_directory + 768 * 4, pv_table | 3) == PV_OK);
    REQUIRE(world.update(pv_directory + 5 * 4, pv_table | 3) == PV_OK);
    REQUIRE(world.update(pv_directory, 0) == PV_OK); // the first one it was seen at
    world.substrate.refreshed.clear();
    REQUIRE(world.update(world.entry_of(0x23000), 0) == PV_OK);
    CHECK(world.substrate.refreshed == Refreshes { { (5u << 22) + 0x23000, 1 }, { (768u << 22) + 0x23000, 1 } });
}

TEST_CASE("An address space that is not in use is changed in memory only", "[paravirt]")
{
    SpacesWorld world;
    world.create_current();
    world.put(pv_other_directory + 4, pv_other_table | 7);
    REQUIRE(world.spaces.create(pv_other_directory) == PV_OK);
    CHECK(world.update(pv_other_table, 0x1000 | 7) == PV_OK);
    CHECK(world.update(pv_other_directory + 8, pv_table | 7) == PV_OK);
    CHECK(world.substrate.refreshed.empty());
    CHECK(world.get(pv_other_table) == (0x1000 | 0x67));
    CHECK(world.get(pv_other_directory + 8) == (pv_table | 0x27));
    // Before paging is on none is in use.
    world.state.cr0 &= ~cr0::pg;
    CHECK(world.update(world.entry_of(0x23000), 0) == PV_OK);
    CHECK(world.substrate.refreshed.empty());
}

TEST_CASE("Changes of what is no table, of the monitor's part, or to what is no table are refused", "[paravirt]")
{
    SpacesWorld world;
    world.create_current();
    struct Bad {
        uint32_t entry, value;
        int32_t answer;
    };
    const auto& bad = GENERATE(values<Bad>({
        { pv_data, 0, PV_ERROR_ABSENT },
        { pv_other_directory, 0, PV_ERROR_ABSENT },
        { pv_table + 2, 0, PV_ERROR_ADDRESS },
        { pv_table + 1, 0, PV_ERROR_ADDRESS },
        { 0xFFFFFFFC, 0, PV_ERROR_ADDRESS },
        { 0xFFFFFFFF, 0, PV_ERROR_ADDRESS },
        { 0xA0000, 0, PV_ERROR_ADDRESS },
        { 0x800000, 0, PV_ERROR_ADDRESS },
        { pv_table, 0x1000 | large | 3, PV_ERROR_INVALID },
        { pv_directory + 4, 0x400000 | large | 3, PV_ERROR_INVALID },
        { pv_directory + 4, 0xA0000 | 3, PV_ERROR_INVALID },
        { pv_directory + 4, 0xFFFFF000 | 3, PV_ERROR_INVALID },
        { pv_directory + 4, pv_directory | 3, PV_ERROR_INVALID },
        { pv_directory + 1023 * 4, pv_other_table | 3, PV_ERROR_INVALID },
    }));
    INFO(std::hex << bad.entry << " <- " << bad.value);
    uint32_t before = world.memory.read<uint32_t>(Gpa { bad.entry & ~3u }).value_or(0);
    CHECK(world.update(bad.entry, bad.value) == bad.answer);
    CHECK(world.memory.read<uint32_t>(Gpa { bad.entry & ~3u }).value_or(0) == before);
    CHECK(world.substrate.refreshed.empty());
}

TEST_CASE("A page may name a device or nothing: what is mapped there is decided when it is mapped", "[paravirt]")
{
    SpacesWorld world;
    world.create_current();
    CHECK(world.update(world.entry_of(0x23000), 0xFEE00000 | 3) == PV_OK);
    CHECK(world.update(world.entry_of(0x24000), 0xFFFFF000 | 3) == PV_OK);
}

TEST_CASE("A guest that changes its directories behind the monitor's back harms only itself", "[paravirt]")
{
    SpacesWorld world;
    world.put(pv_other_directory + 4, pv_other_table | 7);
    world.create_current();
    REQUIRE(world.spaces.create(pv_other_directory) == PV_OK);
    // Everything the monitor knows of the directory is overwritten: it counts by what it saw.
    for (uint32_t index = 0; index < 1024; ++index)
        world.put(pv_other_directory + index * 4, 0xFFFFFFFFu);
    CHECK(world.update(pv_other_directory + 4, 0) == PV_OK);
    CHECK(world.update(pv_other_table, 0) == PV_ERROR_ABSENT);
    CHECK(world.spaces.destroy(world.state, pv_other_directory) == PV_OK);
    CHECK(world.update(world.entry_of(0x23000), 0) == PV_OK);
}

TEST_CASE("A table named a thousand times does not make the monitor's list endless", "[paravirt]")
{
    SpacesWorld world;
    world.create_current();
    for (uint32_t index = 1; index < 1023; ++index)
        REQUIRE(world.spaces.update(world.state, pv_directory + index * 4, pv_table | 3) == PV_OK);
    world.spaces.finish(world.state);
    world.substrate.refreshed.clear();
    for (uint32_t page = 0; page < 1024; page += 2)
        REQUIRE(world.spaces.update(world.state, pv_table + page * 4, page * page_size | 3) == PV_OK);
    world.spaces.finish(world.state);
    CHECK(world.substrate.refreshed.size() <= 4096);
    CHECK(world.substrate.refreshed.front() == FakeSubstrate::Refresh { 0, PV_MONITOR_BASE / page_size });
}
