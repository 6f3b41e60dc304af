#include "strategies/paravirt/hypercalls.hpp"

#include "core/paravirt_names.hpp"
#include "tests/unit/paravirt/paravirt_world.hpp"

#include <array>

using namespace ringside;
using namespace ringside::test;
using namespace ringside::paravirt;
using After = HypercallResult::After;

namespace {

struct HypercallWorld : ParavirtWorld {
    Hypercalls hypercalls { engine, substrate };

    int32_t call(uint32_t number, uint32_t argument = 0)
    {
        auto result = hypercalls.perform(number, state, argument);
        CHECK(result.after == After::Answer);
        return result.answer;
    }
    template<typename T>
    int32_t call_with(uint32_t number, T structure)
    {
        put(pv_structure, structure);
        return call(number, pv_structure);
    }
};

// Every hypercall with a structure, and whether it is written.
struct WithStructure {
    uint32_t number;
    uint32_t size;
    bool written;
};
const auto with_structure = std::array {
    WithStructure { PV_SET_TRAP_TABLE, sizeof(pv_trap_table), false },
    WithStructure { PV_SET_BOUNDARY, sizeof(pv_boundary), false },
    WithStructure { PV_CREATE_ADDRESS_SPACE, sizeof(pv_address_space), false },
    WithStructure { PV_SWITCH_ADDRESS_SPACE, sizeof(pv_address_space), false },
    WithStructure { PV_DESTROY_ADDRESS_SPACE, sizeof(pv_address_space), false },
    WithStructure { PV_UPDATE_PAGES, sizeof(pv_page_updates), true },
    WithStructure { PV_SET_TIMER, sizeof(pv_timer), true },
    WithStructure { PV_CONSOLE_WRITE, sizeof(pv_console), true },
    WithStructure { PV_CONSOLE_READ, sizeof(pv_console), true },
    WithStructure { PV_BLOCK, sizeof(pv_block), true },
    WithStructure { PV_PORT, sizeof(pv_port), true },
    WithStructure { PV_MARK, sizeof(pv_mark), false },
    WithStructure { PV_EXIT, sizeof(pv_exit), false },
};

}

TEST_CASE("Every hypercall refuses a structure that is not all in the guest's memory, or not aligned", "[paravirt]")
{
    HypercallWorld world;
    const auto& hypercall = GENERATE(from_range(with_structure));
    INFO(hypercall_name(hypercall.number));
    std::vector<uint32_t> bad { 1, 2, pv_structure + 1, pv_structure + 3, pv_absent_page, pv_absent_page + 0xFFC,
        pv_device_page, pv_device_page - 4 * (hypercall.size > 4), 0x400000, 0xBFFFFFFC, PV_MONITOR_BASE - 4,
        PV_MONITOR_BASE, PV_SHARED_INFO, PV_HYPERCALL_PAGE, 0xFFFFFFFC, 0xFFFFFFFF, 0x80000000, 0x7FFFFFFF };
    if (hypercall.size > 4) {
        bad.push_back(pv_absent_page - 4);
        bad.push_back(0x3FFFFC);
    } else {
        bad.erase(bad.begin() + 7); // that one is good
    }
    auto before = world.state;
    for (uint32_t address : bad) {
        INFO(std::hex << address);
        CHECK(world.call(hypercall.number, address) == PV_ERROR_ADDRESS);
    }
    CHECK(world.state == before);
    CHECK(world.console.empty());
    CHECK(world.exits.empty());
    CHECK(world.marks.empty());
    CHECK(world.hypercalls.address_spaces().size() == 0);
}

TEST_CASE("A hypercall that answers in its structure refuses one on a read-only page, and does nothing", "[paravirt]")
{
    HypercallWorld world;
    const auto& hypercall = GENERATE(from_range(with_structure));
    INFO(hypercall_name(hypercall.number));
    if (hypercall.written)
        CHECK(world.call(hypercall.number, pv_read_only_page) == PV_ERROR_ADDRESS);
    else
        CHECK(world.call(hypercall.number, pv_read_only_page) != PV_ERROR_ADDRESS);
    CHECK(world.console.empty());
    CHECK(world.state.cr3 == pv_directory);
}

TEST_CASE("Numbers that name no hypercall are refused", "[paravirt]")
{
    HypercallWorld world;
    for (uint32_t number : { 17u, 20u, 23u, 25u, 26u, 31u, 32u, 255u, 0x80000000u, 0xFFFFFFFFu }) {
        CHECK(world.call(number, pv_structure) == PV_ERROR_UNKNOWN);
        CHECK(hypercall_name(number) == "unknown");
    }
    CHECK(world.call(PV_VERSION) == PV_ABI_VERSION);
    CHECK(hypercall_name(PV_IRET) == "iret");
}

TEST_CASE("A trap table is read from anywhere in memory, however it lies across pages", "[paravirt]")
{
    HypercallWorld world;
    std::array<pv_trap_entry, 3> entries { { { 0x1000, 14, 0, 0, 0 }, { 0x2000, 0x80, 3, 0, 0 }, { 0x3000, 32, 0, 0, 0 } } };
    uint32_t at = GENERATE(as<uint32_t> {}, pv_data, pv_data + 0xFF4, pv_data + 0xFFC);
    world.put(at, entries);
    REQUIRE(world.call_with(PV_SET_TRAP_TABLE, pv_trap_table { at, 3 }) == PV_OK);
    for (uint8_t vector : { uint8_t { 14 }, uint8_t { 0x80 }, uint8_t { 32 } })
        CHECK(world.hypercalls.traps().handles(vector));
    CHECK_FALSE(world.hypercalls.traps().handles(33));
    REQUIRE(world.call_with(PV_SET_TRAP_TABLE, pv_trap_table { 0xFFFFFFFC, 0 }) == PV_OK);
    CHECK_FALSE(world.hypercalls.traps().handles(14));
}

TEST_CASE("A trap table that is too long or not in memory is refused, whatever count times size comes to", "[paravirt]")
{
    HypercallWorld world;
    struct Bad {
        uint32_t entries, count;
        int32_t answer;
    };
    const auto& bad = GENERATE(values<Bad>({
        { pv_data, PV_MOST_TRAPS + 1, PV_ERROR_INVALID },
        { pv_data, 0x20000000, PV_ERROR_INVALID }, // times 8 is 0
        { pv_data, 0x20000001, PV_ERROR_INVALID },
        { pv_data, 0xFFFFFFFF, PV_ERROR_INVALID },
        { pv_data + 2, 1, PV_ERROR_ADDRESS },
        { pv_absent_page, 1, PV_ERROR_ADDRESS },
        { pv_absent_page - 8, 2, PV_ERROR_ADDRESS },
        { PV_MONITOR_BASE - 8, 2, PV_ERROR_ADDRESS },
        { PV_HYPERCALL_PAGE, 1, PV_ERROR_ADDRESS },
        { 0xFFFFFFF8, 1, PV_ERROR_ADDRESS },
        { 0xFFFFFFF8, 2, PV_ERROR_ADDRESS },
    }));
    CHECK(world.call_with(PV_SET_TRAP_TABLE, pv_trap_table { bad.entries, bad.count }) == bad.answer);
}

TEST_CASE("The boundary is a multiple of 4 MiB below the monitor", "[paravirt]")
{
    HypercallWorld world;
    for (uint32_t bad : { 0u, 1u, 0x1000u, 0xC0000001u, 0xC0001000u, PV_MONITOR_BASE + 0x400000u * 0 + 1u, 0xFFFFFFFFu })
        CHECK(world.call_with(PV_SET_BOUNDARY, pv_boundary { bad }) == PV_ERROR_INVALID);
    CHECK(world.substrate.boundaries.empty());
    for (uint32_t good : { 0x400000u, 0xC0000000u, PV_MONITOR_BASE }) {
        CHECK(world.call_with(PV_SET_BOUNDARY, pv_boundary { good }) == PV_OK);
        CHECK(world.hypercalls.boundary() == good);
    }
    CHECK(world.substrate.boundaries == std::vector<uint32_t> { 0x400000, 0xC0000000, PV_MONITOR_BASE });
}

TEST_CASE("Page updates are done in order until one is refused, and the structure says how far", "[paravirt]")
{
    HypercallWorld world;
    REQUIRE(world.call_with(PV_CREATE_ADDRESS_SPACE, pv_address_space { pv_directory }) == PV_OK);
    std::array<pv_page_update, 4> updates { {
        { pv_table + 0x80 * 4, 0x5000 | 3 },
        { pv_table + 0x81 * 4, 0x6000 | 3 },
        { pv_data, 0 },
        { pv_table + 0x82 * 4, 0x7000 | 3 },
    } };
    world.put(pv_data, updates);
    CHECK(world.call_with(PV_UPDATE_PAGES, pv_page_updates { pv_data, 4, 99 }) == PV_ERROR_ABSENT);
    CHECK(world.get<pv_page_updates>(pv_structure).done == 2);
    CHECK(world.substrate.refreshed == std::vector<FakeSubstrate::Refresh> { { 0x80000, 2 } });
    CHECK(world.get(pv_table + 0x82 * 4) == (0x82000 | 0x63));

    CHECK(world.call_with(PV_UPDATE_PAGES, pv_page_updates { pv_data, 2, 99 }) == PV_OK);
    CHECK(world.get<pv_page_updates>(pv_structure).done == 2);
    CHECK(world.call_with(PV_UPDATE_PAGES, pv_page_updates { 0xFFFFFFFC, 0, 99 }) == PV_OK);
    CHECK(world.get<pv_page_updates>(pv_structure).done == 0);
}

TEST_CASE("A batch of page updates that is too long or not in memory changes nothing", "[paravirt]")
{
    HypercallWorld world;
    REQUIRE(world.call_with(PV_CREATE_ADDRESS_SPACE, pv_address_space { pv_directory }) == PV_OK);
    struct Bad {
        uint32_t updates, count;
        int32_t answer;
    };
    const auto& bad = GENERATE(values<Bad>({
        { pv_data, PV_MOST_UPDATES + 1, PV_ERROR_INVALID },
        { pv_data, 0x20000000, PV_ERROR_INVALID },
        { pv_data, 0xFFFFFFFF, PV_ERROR_INVALID },
        { pv_data + 1, 1, PV_ERROR_ADDRESS },
        { pv_absent_page - 8, 2, PV_ERROR_ADDRESS },
        { PV_MONITOR_BASE - 8, 2, PV_ERROR_ADDRESS },
        { PV_SHARED_INFO, 1, PV_ERROR_ADDRESS },
        { 0xFFFFFFFC, 1, PV_ERROR_ADDRESS },
        { 0, PV_MOST_UPDATES + 1, PV_ERROR_INVALID },
    }));
    CHECK(world.call_with(PV_UPDATE_PAGES, pv_page_updates { bad.updates, bad.count, 99 }) == bad.answer);
    CHECK(world.get<pv_page_updates>(pv_structure).done == 99);
    CHECK(world.substrate.refreshed.empty());
}

TEST_CASE("An update that takes the batch's own page away is done, and the answer says that it cannot be stored", "[paravirt]")
{
    HypercallWorld world;
    REQUIRE(world.call_with(PV_CREATE_ADDRESS_SPACE, pv_address_space { pv_directory }) == PV_OK);
    std::array<pv_page_update, 2> updates { {
        { pv_table + pv_structure / page_size * 4, 0 },
        { pv_table + pv_data / page_size * 4, 0 },
    } };
    world.put(pv_data, updates);
    CHECK(world.call_with(PV_UPDATE_PAGES, pv_page_updates { pv_data, 2, 99 }) == PV_ERROR_ADDRESS);
    CHECK(world.get(updates[0].entry) == 0);
    CHECK(world.get(updates[1].entry) == 0);
}

TEST_CASE("HALT opens the guest to interrupts and waits; TAKE_EVENTS only answers", "[paravirt]")
{
    HypercallWorld world;
    CHECK(world.hypercalls.perform(PV_HALT, world.state, 0).after == After::Halted);
    CHECK(world.state.halted);
    CHECK((world.state.eflags & eflags::if_) != 0);
    CHECK(needs_registers(PV_HALT));
    CHECK(world.call(PV_TAKE_EVENTS) == PV_OK);
}

TEST_CASE("IRET that cannot be done is the guest's fault, not the hypercall's answer", "[paravirt]")
{
    HypercallWorld world;
    world.state.gpr[Esp] = pv_absent_page;
    auto result = world.hypercalls.perform(PV_IRET, world.state, 0);
    CHECK(result.after == After::Fault);
    CHECK(result.fault.vector == PF);
    world.state.gpr[Esp] = pv_stack;
    world.put(pv_stack, 0x1234u);
    world.put(pv_stack + 4, uint32_t { PV_KERNEL_CS });
    CHECK(world.hypercalls.perform(PV_IRET, world.state, 0).after == After::Replaced);
    CHECK(world.state.eip == 0x1234);
    CHECK(needs_registers(PV_IRET));
}

TEST_CASE("Random hypercalls with random structures end in an answer and leave the monitor as it was", "[paravirt]")
{
    HypercallWorld world;
    uint32_t random = 20260801;
    auto next = [&random] { return random = random * 1664525 + 1013904223; };
    constexpr std::array interesting { 0u, 1u, 4u, 0x7Fu, 0x80u, 0xFFFu, 0x1000u, pv_data, pv_structure, pv_table,
        pv_directory, pv_absent_page - 4, pv_read_only_page, pv_device_page, 0x3FFFFCu, 0x7FFFFFFFu, 0x80000000u,
        PV_MONITOR_BASE - 4u, PV_MONITOR_BASE + 0u, PV_SHARED_INFO + 0u, 0xFFFFFFFCu, 0xFFFFFFFFu };
    auto any = [&] { return next() % 4 == 0 ? next() : interesting[(next() >> 8) % interesting.size()]; };
    for (unsigned round = 0; round < 20000; ++round) {
        uint32_t number = (next() >> 8) % 18;
        for (uint32_t offset = 0; offset < 24; offset += 4)
            world.put(pv_structure + offset, any());
        auto registers = world.state.gpr;
        auto result = world.hypercalls.perform(number, world.state, next() % 8 == 0 ? any() : pv_structure);
        bool known = result.after != After::Answer || (result.answer <= PV_ABI_VERSION && result.answer >= PV_ERROR_DEVICE);
        REQUIRE(known);
        if (!needs_registers(number))
            REQUIRE(world.state.gpr == registers);
        world.state.cr3 = pv_directory;
        world.state = entry_state(world.state);
        world.state.halted = false;
        world.fill_tables();
    }
}
