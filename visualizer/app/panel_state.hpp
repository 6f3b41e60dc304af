// What panels remember from frame to frame: what part of time or memory they show.
#pragma once

#include "visualizer/model/page_table_view.hpp"
#include "visualizer/model/timeline_model.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace ringside::visualizer {

struct PanelState {
    struct Timeline {
        TimelineView view;
        bool follow = true; // shows all there is
        std::vector<TimelineModel> lanes; // one a run
        float drag_from = -1; // where a selection began, or -1
    } timeline;
    struct Exits {
        std::optional<std::size_t> beside; // a run that the chosen one is compared with
    } exits;
    struct PageTables {
        struct Key { // of the snapshot
            const void* run = nullptr;
            uint64_t taken = 0;
            uint64_t guest_time = 0;
            bool operator==(const Key&) const = default;
        } key;
        PageTableView view;
    } page_tables;
    struct Memory {
        std::array<char, 12> address { "0x00100000" };
    } memory;
};

}
