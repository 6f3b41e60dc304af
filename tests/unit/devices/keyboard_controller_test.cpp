#include "core/devices/keyboard_controller.hpp"

#include "core/devices/scancodes.hpp"
#include "tests/catch.hpp"
#include "tests/unit/devices/fake_world.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

struct World : FakeWorld {
    unsigned resets = 0;
    KeyboardController keyboard { line(1), line(12), [this] { ++resets; } };

    uint32_t status() { return keyboard.read(1, 0, 1); }
    uint32_t data() { return keyboard.read(0, 0, 1); }
    void command(uint32_t value) { keyboard.write(1, 0, 1, value); }
    void send(uint32_t value) { keyboard.write(0, 0, 1, value); }
    std::vector<uint32_t> drain()
    {
        std::vector<uint32_t> bytes;
        while (status() & 1)
            bytes.push_back(data());
        return bytes;
    }
    using Bytes = std::vector<uint32_t>;
};
using Bytes = World::Bytes;

}

TEST_CASE("a key stroke arrives translated to set 1, one interrupt per byte", "[keyboard]")
{
    World world;
    REQUIRE(world.keyboard.press(0x1E));
    REQUIRE(world.keyboard.release(0x1E));
    CHECK(world.interrupts.level(1));
    CHECK(world.data() == 0x1E);
    CHECK(world.interrupts.rising_edges(1) == 2);
    CHECK(world.data() == 0x9E);
    CHECK_FALSE(world.interrupts.level(1));
    CHECK_FALSE(world.status() & 1);
    CHECK(world.data() == 0x9E); // nothing new
}

TEST_CASE("every key of set 1 survives the way through set 2", "[keyboard]")
{
    unsigned keys = 0;
    for (uint16_t code = 1; code < 0x80; ++code) {
        if (set2_from_set1(static_cast<uint8_t>(code)) == 0)
            continue;
        ++keys;
        World world;
        world.keyboard.press(code);
        world.keyboard.release(code);
        CHECK(world.drain() == Bytes { code, code | 0x80u });
    }
    CHECK(keys >= 0x58);
    CHECK(set2_from_set1(0x1C) == 0x5A);
    CHECK(set2_from_set1(0x41) == 0x83);
}

TEST_CASE("extended keys keep their prefix", "[keyboard]")
{
    World world;
    world.keyboard.press(0xE048);
    world.keyboard.release(0xE048);
    CHECK(world.drain() == Bytes { 0xE0, 0x48, 0xE0, 0xC8 });
    CHECK_FALSE(world.keyboard.press(0x1234));
    CHECK_FALSE(world.keyboard.press(0));
}

TEST_CASE("without translation set 2 arrives as it is, and set 1 if the keyboard is told so", "[keyboard]")
{
    World world;
    world.command(0x60);
    world.send(0x01);
    world.keyboard.press(0x1E);
    world.keyboard.release(0x1E);
    CHECK(world.drain() == Bytes { 0x1C, 0xF0, 0x1C });
    world.send(0xF0);
    world.send(0x01);
    CHECK(world.drain() == Bytes { 0xFA, 0xFA });
    world.keyboard.press(0x1E);
    world.keyboard.release(0x1E);
    CHECK(world.drain() == Bytes { 0x1E, 0x9E });
    world.send(0xF0);
    world.send(0x00);
    CHECK(world.drain() == Bytes { 0xFA, 0xFA, 0x01 });
    world.send(0xF0);
    world.send(0x03);
    CHECK(world.drain() == Bytes { 0xFA, 0xFE });
}

TEST_CASE("the controller tests itself and its port", "[keyboard]")
{
    World world;
    world.command(0xAA);
    CHECK(world.drain() == Bytes { 0x55 });
    CHECK(world.status() & 0x04);
    world.command(0xAB);
    CHECK(world.drain() == Bytes { 0x00 });
}

TEST_CASE("the configuration byte is written and read, but the auxiliary port stays disabled", "[keyboard]")
{
    World world;
    world.command(0x60);
    world.send(0x47);
    world.command(0x20);
    CHECK(world.data() == 0x67);
    world.command(0xA8);
    world.command(0x20);
    CHECK(world.data() == 0x67);
    world.command(0xA9);
    CHECK(world.data() == 0xFF);
}

TEST_CASE("what is sent to the absent auxiliary device times out, with IRQ 12", "[keyboard]")
{
    World world;
    world.command(0x60);
    world.send(0x47);
    world.command(0xD4);
    world.send(0xFF);
    CHECK((world.status() & 0x61) == 0x61);
    CHECK(world.interrupts.level(12));
    CHECK_FALSE(world.interrupts.level(1));
    CHECK(world.data() == 0xFE);
    CHECK_FALSE(world.interrupts.level(12));
    world.command(0xD3);
    world.send(0x5A);
    CHECK((world.status() & 0x21) == 0x21);
    CHECK(world.data() == 0x5A);
    world.command(0xD2);
    world.send(0x1C);
    CHECK((world.status() & 0x21) == 0x01);
    CHECK(world.data() == 0x1C);
}

TEST_CASE("a disabled keyboard keeps its bytes until it is enabled", "[keyboard]")
{
    World world;
    world.command(0xAD);
    world.keyboard.press(0x02);
    CHECK_FALSE(world.status() & 1);
    world.command(0xAE);
    CHECK(world.drain() == Bytes { 0x02 });
}

TEST_CASE("disabling the interrupt in the configuration lowers the line and keeps the byte", "[keyboard]")
{
    World world;
    world.keyboard.press(0x02);
    world.command(0x60);
    world.send(0x44);
    CHECK_FALSE(world.interrupts.level(1));
    CHECK(world.data() == 0x02);
}

TEST_CASE("the keyboard answers its commands", "[keyboard]")
{
    World world;
    world.send(0xFF);
    CHECK(world.drain() == Bytes { 0xFA, 0xAA });
    world.send(0xF2);
    CHECK(world.drain() == Bytes { 0xFA, 0xAB, 0x41 }); // 0x83, translated
    world.send(0xEE);
    CHECK(world.drain() == Bytes { 0xEE });
    world.send(0xED);
    CHECK(world.drain() == Bytes { 0xFA });
    world.send(0x05);
    CHECK(world.drain() == Bytes { 0xFA });
    CHECK(world.keyboard.state().leds == 5);
    world.send(0xF3);
    world.send(0x20);
    CHECK(world.drain() == Bytes { 0xFA, 0xFA });
    CHECK(world.keyboard.state().typematic == 0x20);
    world.send(0x00);
    CHECK(world.drain() == Bytes { 0xFE });
    world.send(0xEE);
    CHECK(world.drain() == Bytes { 0xEE });
    world.send(0xFE);
    CHECK(world.drain() == Bytes { 0xEE });
}

TEST_CASE("a keyboard that does not scan loses key strokes", "[keyboard]")
{
    World world;
    world.send(0xF5);
    CHECK(world.drain() == Bytes { 0xFA });
    CHECK_FALSE(world.keyboard.press(0x1E));
    world.send(0xF4);
    CHECK(world.drain() == Bytes { 0xFA });
    CHECK(world.keyboard.press(0x1E));
}

TEST_CASE("an answer overtakes the key strokes that wait", "[keyboard]")
{
    World world;
    world.keyboard.press(0x02);
    world.keyboard.press(0x03);
    world.send(0xED);
    CHECK(world.data() == 0x02); // was in the output buffer already
    CHECK(world.data() == 0xFA);
    CHECK(world.data() == 0x03);
}

TEST_CASE("a full keyboard refuses key strokes whole and still answers", "[keyboard]")
{
    World world;
    world.command(0xAD);
    world.keyboard.press(0x02);
    world.keyboard.press(0x03);
    unsigned taken = 0;
    while (world.keyboard.release(0xE048))
        ++taken;
    CHECK(taken >= 8);
    world.command(0xAE);
    world.send(0xF2);
    auto bytes = world.drain();
    REQUIRE(bytes.size() == 2 + 2 * taken + 3);
    CHECK(bytes[bytes.size() - 2] == 0xE0);
    CHECK(bytes.back() == 0xC8);
    for (int i = 0; i < 1000; ++i) // commands without reading: nothing breaks
        world.send(0xF2);
    CHECK(world.drain().size() <= 33);
}

TEST_CASE("pulsing the reset line, and writing it low, reset the machine", "[keyboard]")
{
    World world;
    world.command(0xFE);
    CHECK(world.resets == 1);
    world.command(0xFF);
    CHECK(world.resets == 1);
    world.command(0xD1);
    world.send(0xDF);
    CHECK(world.resets == 1);
    world.command(0xD0);
    CHECK(world.data() == 0xDF);
    world.command(0xD1);
    world.send(0xDE);
    CHECK(world.resets == 2);
}
