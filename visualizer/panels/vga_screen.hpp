// The VGA's text screen with its 16 colors.
#pragma once

#include "core/devices/vga_text.hpp"
#include "visualizer/app/context.hpp"

namespace ringside::visualizer {

// What the newest snapshot says, or how the last round ended; null where nothing has been written to it.
const VgaTextSnapshot* vga_screen_of(const Models& models);
// At the cursor, as an item of 80 x 25 cells.
void draw_vga_screen(const Context& context, const VgaTextSnapshot& screen);

}
