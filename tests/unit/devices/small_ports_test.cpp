#include "core/devices/debug_console.hpp"
#include "core/devices/debug_exit.hpp"
#include "core/devices/firmware_configuration.hpp"
#include "core/devices/interrupt_router.hpp"
#include "core/devices/marker.hpp"
#include "core/devices/post_code.hpp"
#include "core/devices/reset_control.hpp"
#include "core/devices/system_control_port.hpp"
#include "core/devices/test_device.hpp"
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

TEST_CASE("the firmware configuration tells of one CPU and the memory, byte by byte", "[ports]")
{
    FirmwareConfiguration configuration(0x1'2340'0000);
    auto item = [&](uint16_t selector, unsigned bytes) {
        configuration.write(0, 0, 2, selector);
        uint64_t value = 0;
        for (unsigned i = 0; i < bytes; ++i)
            value |= uint64_t { configuration.read(0, 1, 1) } << (8 * i);
        return value;
    };
    CHECK(item(0x00, 4) == 0x554D4551); // "QEMU"
    CHECK(item(0x01, 4) == 1);
    CHECK(item(0x03, 8) == 0x1'2340'0000);
    CHECK(item(0x05, 2) == 1);
    CHECK(item(0x0F, 2) == 1);
    CHECK(item(0x05, 8) == 1); // zeros after the end
    CHECK(item(0x19, 4) == 0); // no files
}

TEST_CASE("the firmware configuration is selected by 16-bit writes only and cannot be changed", "[ports]")
{
    FirmwareConfiguration configuration(0x100000);
    configuration.write(0, 0, 2, 0x05);
    configuration.write(0, 0, 1, 0x00);
    configuration.write(0, 1, 1, 0x77);
    CHECK(configuration.read(0, 1, 1) == 1);
    CHECK(configuration.read(0, 0, 1) == 0xFF);
    CHECK(configuration.read(0, 0, 2) == 0xFFFF);
    CHECK(configuration.read(0, 1, 1) == 0);
}

TEST_CASE("the test device keeps four bytes and sets any interrupt line", "[ports]")
{
    RecordedInput isa, io_apic;
    TestDevice device(isa, io_apic);
    device.write(0, 3, 1, 0x5A);
    CHECK(device.read(0, 3, 1) == 0x5A);
    CHECK(device.read(0, 0, 1) == 0);
    device.write(1, 14, 1, 1);
    device.write(1, 23, 1, 0x80);
    CHECK((isa.level(14) && io_apic.level(23)));
    device.write(1, 14, 1, 0);
    CHECK(!isa.level(14));
    CHECK(isa.rising_edges(23) == 0);
    device.write(1, 2, 1, 1);
    CHECK(isa.rising_edges(2) == 0);
    CHECK(device.state().lines == 1u << 23);
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
