// What panels remember from frame to frame: what part of time or memory they show.
#pragma once

#include "visualizer/model/timeline_model.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace ringside::visualizer {

struct PanelState {
    struct Timeline {
        TimelineView view;
        bool follow = true; // shows all there is
        std::vector<TimelineModel> lanes; // one a run
        float drag_from = -1; // where a selection began, or -1
    } timeline;
    struct Memory {
        std::array<char, 12> address { "0x00100000" };
    } memory;
};

}
