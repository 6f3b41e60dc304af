// What the VGA's text screen shows, as text for people.
#pragma once

#include "core/devices/vga_text.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ringside {

// What code page 437 shows for a byte, in UTF-8: never a control character.
std::string_view glyph_437(uint8_t character);

// The screen's lines in UTF-8, each ended by '\n', without the blanks at the right and the empty lines at the bottom: ""
// for an empty screen. Every byte of the guest becomes a glyph of code page 437, so no control character comes through.
std::string screen_text(const VgaTextSnapshot& screen);

}
