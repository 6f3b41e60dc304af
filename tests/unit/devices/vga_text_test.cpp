#include "core/devices/vga_text.hpp"

#include "tests/catch.hpp"

using namespace ringside;

namespace {

enum : unsigned { Legacy = 0, Crtc = 1, Status = 2 };

struct World {
    GuestMemory memory = std::move(*GuestMemory::create(minimum_memory));
    VgaText vga { memory };

    void crtc(uint32_t index, uint32_t value)
    {
        vga.write(Crtc, 0, 1, index);
        vga.write(Crtc, 1, 1, value);
    }
    uint32_t crtc(uint32_t index)
    {
        vga.write(Crtc, 0, 1, index);
        return vga.read(Crtc, 1, 1);
    }
    uint32_t get(uint32_t port) { return vga.read(Legacy, port - 0x3C0, 1); }
    void put(uint32_t port, uint32_t value) { vga.write(Legacy, port - 0x3C0, 1, value); }
};

}

TEST_CASE("the snapshot shows characters and attributes from the guest's memory", "[vga]")
{
    World world;
    world.vga.clear_screen();
    REQUIRE(world.memory.write(Gpa { 0xB8000 + 2 * (3 * 80 + 5) }, uint16_t { 0x1F41 }));
    const auto screen = world.vga.snapshot();
    CHECK(screen.at(5, 3).character == 'A');
    CHECK(screen.at(5, 3).attribute == 0x1F);
    CHECK(screen.at(6, 3).character == ' ');
    CHECK(screen.at(79, 24).attribute == 0x07);
}

TEST_CASE("the cursor follows its registers, relative to the start address", "[vga]")
{
    World world;
    world.crtc(0x0E, 0x01);
    world.crtc(0x0F, 0x45); // 325 = row 4, column 5
    auto screen = world.vga.snapshot();
    CHECK((screen.cursor_visible && screen.cursor_row == 4 && screen.cursor_column == 5));
    world.crtc(0x0D, 80);
    screen = world.vga.snapshot();
    CHECK((screen.cursor_visible && screen.cursor_row == 3));
    world.crtc(0x0A, 0x20);
    CHECK_FALSE(world.vga.snapshot().cursor_visible);
    world.crtc(0x0A, 0x0D);
    world.crtc(0x0E, 0xFF);
    CHECK_FALSE(world.vga.snapshot().cursor_visible);
    world.crtc(0x0E, 0x00);
    world.crtc(0x0F, 0x00); // before the start address
    CHECK_FALSE(world.vga.snapshot().cursor_visible);
}

TEST_CASE("the start address scrolls, and wraps inside the text memory", "[vga]")
{
    World world;
    REQUIRE(world.memory.write(Gpa { 0xB8000 + 160 }, uint8_t { 'x' }));
    REQUIRE(world.memory.write(Gpa { 0xB8000 }, uint8_t { 'y' }));
    world.crtc(0x0D, 80);
    CHECK(world.vga.snapshot().at(0, 0).character == 'x');
    world.crtc(0x0C, 0x3F);
    world.crtc(0x0D, 0xFF);
    CHECK(world.vga.snapshot().at(1, 0).character == 'y');
    world.crtc(0x0C, 0xFF);
    CHECK(world.vga.snapshot().at(1, 0).character == 'y');
}

TEST_CASE("CRT controller registers read back, and those beyond the last are zero", "[vga]")
{
    World world;
    world.crtc(0x0F, 0xA5);
    CHECK(world.crtc(0x0F) == 0xA5);
    CHECK(world.vga.read(Crtc, 0, 1) == 0x0F);
    world.crtc(0xFF, 0x12);
    CHECK(world.crtc(0xFF) == 0);
}

TEST_CASE("the protect bit guards the timing registers", "[vga]")
{
    World world;
    const auto before = world.crtc(0);
    world.crtc(0, 0x11);
    CHECK(world.crtc(0) == before);
    world.crtc(0x07, 0x00);
    CHECK(world.crtc(0x07) == 0x0F); // line compare only
    world.crtc(0x11, world.crtc(0x11) & 0x7F);
    world.crtc(0, 0x11);
    CHECK(world.crtc(0) == 0x11);
}

TEST_CASE("the retrace bit changes, so waiting for it ends", "[vga]")
{
    World world;
    const auto first = world.vga.read(Status, 0, 1) & 0x08;
    CHECK((world.vga.read(Status, 0, 1) & 0x08) != first);
    CHECK((world.vga.read(Status, 0, 1) & 0x08) == first);
}

TEST_CASE("the attribute port takes index and data in turns, and the status read starts over", "[vga]")
{
    World world;
    world.vga.read(Status, 0, 1);
    world.put(0x3C0, 0x30);
    world.put(0x3C0, 0x5A);
    world.put(0x3C0, 0x30);
    CHECK(world.get(0x3C1) == 0x5A);
    world.vga.read(Status, 0, 1);
    world.put(0x3C0, 0x31); // an index again
    CHECK(world.get(0x3C0) == 0x31);
    CHECK(world.vga.state().attribute[0x10] == 0x5A);
}

TEST_CASE("sequencer, graphics and miscellaneous registers are kept", "[vga]")
{
    World world;
    CHECK((world.get(0x3CC) & 1) == 1);
    world.put(0x3C2, 0x63);
    CHECK(world.get(0x3CC) == 0x63);
    world.put(0x3C4, 2);
    world.put(0x3C5, 0x0F);
    CHECK(world.get(0x3C5) == 0x0F);
    world.put(0x3CE, 6);
    CHECK(world.get(0x3CF) == 0x0E);
    world.put(0x3CE, 200);
    world.put(0x3CF, 1);
    CHECK(world.get(0x3CF) == 0);
}

TEST_CASE("the palette is written and read as triples that advance, and wrap", "[vga]")
{
    World world;
    world.put(0x3C8, 255);
    for (const uint32_t value : { 1u, 2u, 0xFFu, 4u })
        world.put(0x3C9, value);
    CHECK(world.get(0x3C8) == 0);
    world.put(0x3C7, 255);
    CHECK(world.get(0x3C9) == 1);
    CHECK(world.get(0x3C9) == 2);
    CHECK(world.get(0x3C9) == 0x3F);
    CHECK(world.get(0x3C9) == 4);
}
