// The hints of the first start: a few sentences that go away when told to, and come back with F2.
#pragma once

#include <array>
#include <string_view>

namespace ringside::visualizer {

inline constexpr std::array<std::string_view, 5> tour_hints {
    "Each column is the same guest under another strategy, in a process of its own. On the left of the rings is what the "
    "guest believes, on the right what the hardware really gives it.",
    "The marks show single events in slow motion, with what caused them. H holds them, Right goes to the next, F and S "
    "change the pace. The guests themselves run at full speed.",
    "Click a column, or press Down and Up, to choose a VM. Keys 1 to 9 open one panel for it; with Shift they add it to "
    "those that are open.",
    "G goes to the next guest: 'sieve' computes, 'syscalls' calls its kernel. See how the strategies change places.",
    "K kills the chosen VM's process: the others go on. R begins it anew. F1 shows every key.",
};

}
