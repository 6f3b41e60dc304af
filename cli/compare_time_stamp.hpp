// RDTSC rewritten in each way: a guest that measures what it costs is run again under `rewriting`, once for each way.
#pragma once

#include "core/session/comparison_run.hpp"

#include <vector>

namespace ringside {

// Fills the ways of `comparison.nano`, with as many runs as the comparison had; nothing when `rewriting` has no part in it.
void measure_time_stamp_ways(Comparison& comparison, const std::vector<Contender>& contenders, const ComparisonControl& control);

}
