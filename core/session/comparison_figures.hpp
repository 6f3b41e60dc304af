// The arithmetic of a comparison.
#pragma once

#include "core/session/comparison.hpp"

#include <optional>
#include <vector>

namespace ringside {

// Nothing for no times. Quartiles and median are interpolated between the two nearest (type 7 of Hyndman & Fan 1996).
std::optional<Spread> spread_of(std::vector<uint64_t> times);

// Which of these runs stands for all: the one with the median time, the shorter of two in the middle. 0 for none.
std::size_t median_run(const std::vector<ComparedRun>& runs);

// The exits of a timed run beside those of a watched one; either may have reasons that the other lacks.
std::vector<ComparedExit> merge_exits(const Statistics& timed, const std::optional<Statistics>& watched);

// Sets each row's ratio.
void set_ratios(Comparison& comparison);

}
