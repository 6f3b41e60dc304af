// The fonts, drawn anew for each scale so that they are never blurred.
#pragma once

#include <imgui.h>

namespace ringside::visualizer {

struct Fonts {
    ImFont* text = nullptr;
    ImFont* bold = nullptr;
    ImFont* mono = nullptr;  // where columns have to stand under each other
    ImFont* large = nullptr; // for what is read from the last row
};

// Replaces the fonts of the ImGui context; between frames. `scale` is 1 for 100 percent. Debian's DejaVu where it is
// installed, else the font that ImGui brings along.
Fonts build_fonts(float scale);

}
