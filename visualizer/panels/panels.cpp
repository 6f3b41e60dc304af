#include "visualizer/panels/panels.hpp"

#include <array>

namespace ringside::visualizer {

namespace {

constexpr std::array table {
    Panel { "comparison", "Comparison", "What does each strategy make of the same guest?", draw_comparison, comparison_as_text },
    Panel { "rings", "Rings", "Which ring is the guest in, and which really?", draw_rings, rings_as_text },
    Panel { "exits", "Exits", "What did the monitor have to do, and what did it cost?", draw_exits, exits_as_text },
    Panel { "story", "Story", "What happens, one event after the other?", draw_story, story_as_text },
    Panel { "console", "Console", "What does the guest say?", draw_console, console_as_text },
};

}

std::span<const Panel> all_panels() { return table; }

}
