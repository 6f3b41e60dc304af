#include "core/session/screen_codec.hpp"

namespace ringside {

void encode(ByteWriter& out, const VgaTextSnapshot& screen)
{
    for (const auto& cell : screen.cells) {
        out.put(cell.character);
        out.put(cell.attribute);
    }
    out.put(static_cast<uint8_t>(screen.cursor_visible));
    out.put(static_cast<uint8_t>(screen.cursor_column));
    out.put(static_cast<uint8_t>(screen.cursor_row));
}

VgaTextSnapshot decode_screen(ByteReader& in)
{
    VgaTextSnapshot screen;
    for (auto& cell : screen.cells) {
        cell.character = in.get<uint8_t>();
        cell.attribute = in.get<uint8_t>();
    }
    screen.cursor_visible = in.get<uint8_t>() != 0;
    screen.cursor_column = in.get<uint8_t>() % VgaTextSnapshot::columns;
    screen.cursor_row = in.get<uint8_t>() % VgaTextSnapshot::rows;
    return screen;
}

}
