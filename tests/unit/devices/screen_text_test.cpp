#include "core/devices/screen_text.hpp"

#include "tests/catch.hpp"

#include <algorithm>
#include <string_view>

using namespace ringside;

namespace {

void write(VgaTextSnapshot& screen, unsigned column, unsigned row, std::string_view text)
{
    for (std::size_t i = 0; i < text.size(); ++i)
        screen.cells[row * VgaTextSnapshot::columns + column + i] = { static_cast<uint8_t>(text[i]), 0x07 };
}

std::size_t characters(std::string_view text)
{
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

}

TEST_CASE("a screen of zeros and one of blanks have no text", "[vga]")
{
    VgaTextSnapshot screen;
    CHECK(screen_text(screen).empty());
    screen.cells.fill({ ' ', 0x07 });
    CHECK(screen_text(screen).empty());
}

TEST_CASE("the screen's text keeps what is left of and above a word, and drops the blanks after it", "[vga]")
{
    VgaTextSnapshot screen;
    write(screen, 2, 1, "hello ");
    write(screen, 0, 3, "x");
    CHECK(screen_text(screen) == "\n  hello\n\nx\n");
}

TEST_CASE("the last cell of the screen is shown", "[vga]")
{
    VgaTextSnapshot screen;
    write(screen, 79, 24, "z");
    CHECK(screen_text(screen) == std::string(24, '\n') + std::string(79, ' ') + "z\n");
}

TEST_CASE("every byte on the screen is one glyph, and none a control character", "[vga]")
{
    for (unsigned byte = 0; byte < 256; ++byte) {
        VgaTextSnapshot screen;
        const char text[] { static_cast<char>(byte), '!' };
        write(screen, 0, 0, { text, 2 });
        auto shown = screen_text(screen);
        CAPTURE(byte, shown);
        CHECK(characters(shown) == 3);
        CHECK(std::ranges::count_if(shown, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; }) == 1);
    }
}

TEST_CASE("glyphs are those of code page 437", "[vga]")
{
    VgaTextSnapshot screen;
    write(screen, 0, 0, "\x01\x10\x1B\x7F\x80\xB0\xC9\xCD\xDB\xE1\xFE");
    CHECK(screen_text(screen) == "☺►←⌂Ç░╔═█ß■\n");
}
