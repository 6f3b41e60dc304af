// The parts of the window's benchmark.
#pragma once

#include "bench/support/table.hpp"
#include "core/result.hpp"

#include <vector>

namespace ringside {

Result<void> measure_frames_with_vms(const BenchOptions& options, std::vector<BenchRow>& rows);
Result<void> measure_frames_with_events(const BenchOptions& options, std::vector<BenchRow>& rows);
Result<void> measure_being_watched(const BenchOptions& options, std::vector<BenchRow>& rows);

}
