#include "visualizer/panels/panels.hpp"

#include <array>

namespace ringside::visualizer {

namespace {

constexpr std::array table {
    Panel { "comparison", "Comparison", "What does each strategy make of the same guest?", draw_comparison, comparison_as_text, false, true },
    Panel { "rings", "Rings", "Which ring is the guest in, and which really?", draw_rings, rings_as_text },
    Panel { "exits", "Exits", "What did the monitor have to do, and what did it cost?", draw_exits, exits_as_text },
    Panel { "story", "Story", "What happens, one event after the other?", draw_story, story_as_text },
    Panel { "console", "Console", "What does the guest say?", draw_console, console_as_text, true },
    Panel { "timeline", "Timeline", "When was the guest in which ring, and when was the monitor at work?", draw_timeline, timeline_as_text },
    Panel { "code", "Code", "Which instruction is next, and what became of it?", draw_code, code_as_text, true },
    Panel { "cpu", "CPU and memory", "What do registers, page tables and memory hold?", draw_cpu, cpu_as_text, true },
    Panel { "devices", "Devices", "What do the devices' registers say, and who interrupts?", draw_devices, devices_as_text, true },
    Panel { "network", "Network", "Which way do packets take?", draw_network, network_as_text, false, true },
};

}

std::span<const Panel> all_panels() { return table; }

}
