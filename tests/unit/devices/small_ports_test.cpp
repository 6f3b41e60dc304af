#include "core/devices/debug_console.hpp"
#include "core/devices/debug_exit.hpp"
#include "core/devices/interrupt_router.hpp"
#include "core/devices/marker.hpp"
#include "core/devices/post_code.hpp"
#include "core/devices/reset_control.hpp"
#include "core/devices/system_control_port.hpp"
#include "tests/catch.hpp"
#include "tests/unit/devices/fake_world.hpp"

using namespace ringside;
using namespace ringside::test;

TEST_CASE("the debug console prints bytes and identifies itself", "[ports]")
{
    std::string text;
    DebugConsole console([&](char c) { text += c; });
    console.write(0, 0, 1, 'o');
    console.write(0, 0, 1, 'k');
    CHECK(text == "ok");
    CHECK(console.read(0, 0, 1) == 0xE9);
}

TEST_CASE("the debug exit reports the value it was written with", "[ports]")
{
    std::vector<uint32_t> values;
    DebugExit exit([&](uint32_t value) { values.push_back(value); });
    exit.write(0, 0, 4, 0xDEADBEEF);
    exit.write(0, 1, 1, 0x31);
    CHECK(values == std::vector<uint32_t> { 0xDEADBEEF, 0x31 });
    CHECK(exit.read(0, 0, 4) == 0);
}

TEST_CASE("a marker reports its value and reads back", "[ports]")
{
    std::vector<uint32_t> values;
    Marker marker([&](uint32_t value) { values.push_back(value); });
    marker.write(0, 0, 2, 0xBEEF);
    CHECK(values == std::vector<uint32_t> { 0xBEEF });
    CHECK(marker.read(0, 0, 2) == 0xBEEF);
}

TEST_CASE("the diagnostic port keeps the last code", "[ports]")
{
    PostCode port;
    port.write(0, 0, 1, 0x55);
    CHECK(port.read(0, 0, 1) == 0x55);
}

TEST_CASE("port 0xCF9 resets on the rising edge of its reset bit", "[ports]")
{
    unsigned resets = 0;
    ResetControl control([&] { ++resets; });
    control.write(0, 0, 1, 0x02);
    CHECK(resets == 0);
    control.write(0, 0, 1, 0x06);
    CHECK(resets == 1);
    control.write(0, 0, 1, 0x06);
    CHECK(resets == 1);
    CHECK(control.read(0, 0, 1) == 0x06);
}

TEST_CASE("port 0x92 reads A20 back as written and resets on the rising edge of bit 0", "[ports]")
{
    unsigned resets = 0;
    SystemControlPort port([&] { ++resets; });
    CHECK(port.read(0, 0, 1) == 0x02);
    port.write(0, 0, 1, 0x00);
    CHECK(port.read(0, 0, 1) == 0x00);
    CHECK(resets == 0);
    port.write(0, 0, 1, 0x03);
    CHECK(resets == 1);
}

TEST_CASE("devices with nobody listening work all the same", "[ports]")
{
    DebugConsole({}).write(0, 0, 1, 'x');
    DebugExit({}).write(0, 0, 1, 0);
    Marker({}).write(0, 0, 1, 0);
    ResetControl({}).write(0, 0, 1, 6);
    SystemControlPort port({});
    port.write(0, 0, 1, 1);
    CHECK(port.state().value == 1);
}

TEST_CASE("the router takes a line to both controllers, IRQ 0 to pin 2, and reports changes only", "[ports]")
{
    RecordedInput pic, io_apic;
    std::vector<std::pair<unsigned, bool>> reported;
    InterruptRouter router(pic, io_apic, [&](unsigned irq, bool level) { reported.push_back({ irq, level }); });
    router.set_line(0, true);
    router.set_line(0, true);
    router.set_line(4, true);
    router.set_line(0, false);
    CHECK((pic.rising_edges(0) == 1 && io_apic.rising_edges(2) == 1 && io_apic.rising_edges(0) == 0));
    CHECK((pic.level(4) && io_apic.level(4)));
    CHECK(reported == std::vector<std::pair<unsigned, bool>> { { 0, true }, { 4, true }, { 0, false } });
    CHECK(router.lines() == 0x10);
}
