// Pictures of panels against those in the repository that people have looked at.
//
// Letters come out a little differently with each version of Mesa and ImGui, and lines may stand a pixel lower. Therefore
// not pixels are compared but blocks of them, by their mean color: text that moves by a pixel changes a block slightly, a
// panel that is empty or in other colors changes many of them much.
#pragma once

#include "tests/support/browser.hpp"

#include <string>

namespace ringside::test {

struct PictureDifference {
    bool same_size = false;
    double mean = 0;       // of all blocks and colors, 0..255
    double far_blocks = 0; // the share of blocks of which a color is far off, 0..1

    bool is_small() const;
};
PictureDifference difference(const Picture& expected, const Picture& got);

// The Catch2 way to fail. RINGSIDE_ACCEPT=1 writes the golden picture anew instead. On failure the picture, and one of
// where it differs, are kept as artifacts.
void compare_with_golden_picture(const std::string& name, const Picture& got);

}
