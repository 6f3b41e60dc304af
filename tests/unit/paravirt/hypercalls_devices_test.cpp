#include "strategies/paravirt/event_controllers.hpp"
#include "strategies/paravirt/hypercalls.hpp"

#include "tests/unit/machine/disk_file.hpp"
#include "tests/unit/paravirt/paravirt_world.hpp"

using namespace ringside;
using namespace ringside::test;
using namespace ringside::paravirt;

namespace {

struct DeviceWorld : ParavirtWorld {
    std::unique_ptr<Hypercalls> hypercalls;

    explicit DeviceWorld(std::vector<Disk> given = {})
    {
        disks = std::move(given);
        hypercalls = std::make_unique<Hypercalls>(engine, substrate);
        engine.attach(disks);
        initialize_event_controllers(engine.bus());
    }
    template<typename T>
    int32_t call(uint32_t number, T& structure)
    {
        put(pv_structure, structure);
        auto result = hypercalls->perform(number, state, pv_structure);
        structure = get<T>(pv_structure);
        return result.answer;
    }
    unsigned events_within(Nanoseconds duration, uint8_t vector)
    {
        unsigned count = 0;
        for (Nanoseconds passed = 0; passed < duration; passed += 100 * microsecond) {
            pass(100 * microsecond);
            while (platform->interrupt_pending())
                count += platform->acknowledge_interrupt() == vector;
        }
        return count;
    }
};

}

TEST_CASE("The timer raises event 0 with its period, without being acknowledged, until it is stopped", "[paravirt]")
{
    DeviceWorld world;
    pv_timer timer { 1'000'000 };
    REQUIRE(world.call(PV_SET_TIMER, timer) == PV_OK);
    CHECK(timer.period > 999'000);
    CHECK(timer.period < 1'001'000);
    unsigned ticks = world.events_within(100 * millisecond, PV_FIRST_EVENT_VECTOR + PV_EVENT_TIMER);
    CHECK(ticks >= 98);
    CHECK(ticks <= 101);
    timer.period = 0;
    REQUIRE(world.call(PV_SET_TIMER, timer) == PV_OK);
    world.events_within(millisecond, PV_FIRST_EVENT_VECTOR);
    CHECK(world.events_within(100 * millisecond, PV_FIRST_EVENT_VECTOR + PV_EVENT_TIMER) == 0);
}

TEST_CASE("Periods that the timer does not have are refused", "[paravirt]")
{
    DeviceWorld world;
    for (uint32_t bad : { 1u, PV_LEAST_PERIOD - 1, PV_MOST_PERIOD + 1, 0x80000000u, 0xFFFFFFFFu }) {
        pv_timer timer { bad };
        CHECK(world.call(PV_SET_TIMER, timer) == PV_ERROR_INVALID);
        CHECK(timer.period == bad);
    }
    for (uint32_t good : { PV_LEAST_PERIOD, PV_MOST_PERIOD }) {
        pv_timer timer { good };
        CHECK(world.call(PV_SET_TIMER, timer) == PV_OK);
        CHECK(timer.period > good - good / 4);
        CHECK(timer.period < good + good / 4);
    }
}

TEST_CASE("The console is written from any pages, and refuses text that is not there before a letter is out", "[paravirt]")
{
    DeviceWorld world;
    world.put_text(pv_data + 0xFFA, "hello world");
    pv_console console { pv_data + 0xFFA, 11, 0 };
    REQUIRE(world.call(PV_CONSOLE_WRITE, console) == PV_OK);
    CHECK(console.done == 11);
    CHECK(world.console == "hello world");

    world.console.clear();
    struct Bad {
        uint32_t text, size;
        int32_t answer;
    };
    for (const auto& bad : std::vector<Bad> {
             { pv_absent_page - 4, 8, PV_ERROR_ADDRESS },
             { pv_device_page, 1, PV_ERROR_ADDRESS },
             { PV_MONITOR_BASE - 1, 2, PV_ERROR_ADDRESS },
             { PV_SHARED_INFO, 1, PV_ERROR_ADDRESS },
             { 0xFFFFFFFF, 1, PV_ERROR_ADDRESS },
             { 0xFFFFFFFF, 2, PV_ERROR_ADDRESS },
             { pv_data, PV_MOST_TEXT + 1, PV_ERROR_INVALID },
             { pv_data, 0xFFFFFFFF, PV_ERROR_INVALID },
         }) {
        pv_console wrong { bad.text, bad.size, 7 };
        CHECK(world.call(PV_CONSOLE_WRITE, wrong) == bad.answer);
        CHECK(world.call(PV_CONSOLE_READ, wrong) == bad.answer);
        CHECK(wrong.done == 7);
    }
    CHECK(world.console.empty());
    pv_console nothing { 0xFFFFFFFF, 0, 7 };
    CHECK(world.call(PV_CONSOLE_WRITE, nothing) == PV_OK);
    CHECK(nothing.done == 0);
}

TEST_CASE("Input raises its event and is read as far as there is room", "[paravirt]")
{
    DeviceWorld world;
    world.pass(10 * millisecond);
    std::string_view typed = "abcdef";
    world.platform->console_input({ typed.data(), typed.size() });
    world.pass(10 * millisecond);
    REQUIRE(world.platform->interrupt_pending());
    CHECK(world.platform->acknowledge_interrupt() == PV_FIRST_EVENT_VECTOR + PV_EVENT_CONSOLE);

    pv_console console { pv_data + 0xFFE, 4, 0 };
    REQUIRE(world.call(PV_CONSOLE_READ, console) == PV_OK);
    CHECK(console.done == 4);
    CHECK(world.get(pv_data + 0xFFE) == 0x64636261);
    REQUIRE(world.call(PV_CONSOLE_READ, console) == PV_OK);
    CHECK(console.done == 2);
    REQUIRE(world.call(PV_CONSOLE_READ, console) == PV_OK);
    CHECK(console.done == 0);
    console = { pv_read_only_page, 4, 0 };
    CHECK(world.call(PV_CONSOLE_READ, console) == PV_ERROR_ADDRESS);
}

TEST_CASE("Ports are read and written like any device's, with sizes that exist", "[paravirt]")
{
    DeviceWorld world;
    pv_port port { 0x3FF, 1, 1, 0x5A };
    REQUIRE(world.call(PV_PORT, port) == PV_OK);
    port = { 0x3FF, 1, 0, 0 };
    REQUIRE(world.call(PV_PORT, port) == PV_OK);
    CHECK(port.value == 0x5A);
    for (uint8_t size : { uint8_t { 0 }, uint8_t { 3 }, uint8_t { 5 }, uint8_t { 8 }, uint8_t { 255 } }) {
        port = { 0x3FF, size, 0, 0 };
        CHECK(world.call(PV_PORT, port) == PV_ERROR_INVALID);
    }
    port = { 0x3FF, 1, 2, 0 };
    CHECK(world.call(PV_PORT, port) == PV_ERROR_INVALID);
    port = { 0xFFFF, 4, 0, 0 };
    CHECK(world.call(PV_PORT, port) == PV_OK);
    CHECK(port.value == 0xFFFFFFFF);
}

TEST_CASE("Marks and the end reach the machine", "[paravirt]")
{
    DeviceWorld world;
    pv_mark mark { 3 };
    CHECK(world.call(PV_MARK, mark) == PV_OK);
    CHECK(world.marks == std::vector<uint32_t> { 3 });
    pv_exit exit { 42 };
    CHECK(world.call(PV_EXIT, exit) == PV_OK);
    CHECK(world.exits == std::vector<uint32_t> { 42 });
}

TEST_CASE("Sectors go between a disk and pages that are not neighbors", "[paravirt]")
{
    DiskFile file(16);
    DeviceWorld world(file.open_alone());
    // Two neighbors of the linear address space are 0x40 pages apart.
    world.put(pv_table + 0x41 * 4, 0x90000 | 3u);
    for (uint32_t i = 0; i < 1024; i += 4)
        world.put(i < 0x200 ? 0x40E00 + i : 0x90000 + i - 0x200, i * 0x01010101u);

    pv_block block { PV_BLOCK_WRITE, 0, 5, 2, 0x40E00, 0 };
    REQUIRE(world.call(PV_BLOCK, block) == PV_OK);
    block = { PV_BLOCK_READ, 0, 5, 2, pv_data, 0 };
    REQUIRE(world.call(PV_BLOCK, block) == PV_OK);
    for (uint32_t i = 0; i < 1024; i += 4)
        REQUIRE(world.get(pv_data + i) == i * 0x01010101u);
    block = { PV_BLOCK_CAPACITY, 0, 0, 0, 0, 7 };
    REQUIRE(world.call(PV_BLOCK, block) == PV_OK);
    CHECK(block.count == 16);
    CHECK(block.read_only == 0);
}

TEST_CASE("Blocks that are not on the disk, of no disk or not in memory are refused", "[paravirt]")
{
    DiskFile file(16);
    DeviceWorld world(file.open_alone());
    struct Bad {
        pv_block block;
        int32_t answer;
    };
    const auto& bad = GENERATE(values<Bad>({
        { { 3, 0, 0, 1, pv_data, 0 }, PV_ERROR_INVALID },
        { { 0xFFFFFFFF, 0, 0, 1, pv_data, 0 }, PV_ERROR_INVALID },
        { { PV_BLOCK_READ, 1, 0, 1, pv_data, 0 }, PV_ERROR_ABSENT },
        { { PV_BLOCK_READ, 0xFFFFFFFF, 0, 1, pv_data, 0 }, PV_ERROR_ABSENT },
        { { PV_BLOCK_CAPACITY, 1, 0, 0, 0, 0 }, PV_ERROR_ABSENT },
        { { PV_BLOCK_READ, 0, 16, 1, pv_data, 0 }, PV_ERROR_DEVICE },
        { { PV_BLOCK_READ, 0, 15, 2, pv_data, 0 }, PV_ERROR_DEVICE },
        { { PV_BLOCK_READ, 0, 0xFFFFFFFF, 1, pv_data, 0 }, PV_ERROR_DEVICE },
        { { PV_BLOCK_READ, 0, 0xFFFFFFFF, 2, pv_data, 0 }, PV_ERROR_DEVICE },
        { { PV_BLOCK_WRITE, 0, 16, 1, pv_data, 0 }, PV_ERROR_DEVICE },
        { { PV_BLOCK_READ, 0, 0, PV_MOST_SECTORS + 1, pv_data, 0 }, PV_ERROR_INVALID },
        { { PV_BLOCK_READ, 0, 0, 0x00800000, pv_data, 0 }, PV_ERROR_INVALID }, // times 512 is 0
        { { PV_BLOCK_READ, 0, 0, 0xFFFFFFFF, pv_data, 0 }, PV_ERROR_INVALID },
        { { PV_BLOCK_READ, 0, 0, 1, pv_absent_page - 4, 0 }, PV_ERROR_ADDRESS },
        { { PV_BLOCK_READ, 0, 0, 1, pv_read_only_page, 0 }, PV_ERROR_ADDRESS },
        { { PV_BLOCK_READ, 0, 0, 1, PV_MONITOR_BASE - 256, 0 }, PV_ERROR_ADDRESS },
        { { PV_BLOCK_READ, 0, 0, 1, 0xFFFFFF00, 0 }, PV_ERROR_ADDRESS },
        { { PV_BLOCK_WRITE, 0, 0, 1, pv_device_page, 0 }, PV_ERROR_ADDRESS },
    }));
    auto block = bad.block;
    CHECK(world.call(PV_BLOCK, block) == bad.answer);
}

TEST_CASE("A read-only disk refuses to be written and says that it is one", "[paravirt]")
{
    DiskFile file(4);
    file.make_read_only();
    AsNobody nobody;
    DeviceWorld world(file.open_alone());
    pv_block block { PV_BLOCK_WRITE, 0, 0, 1, pv_data, 0 };
    CHECK(world.call(PV_BLOCK, block) == PV_ERROR_DEVICE);
    block = { PV_BLOCK_CAPACITY, 0, 0, 0, 0, 0 };
    REQUIRE(world.call(PV_BLOCK, block) == PV_OK);
    CHECK(block.read_only == 1);
}
