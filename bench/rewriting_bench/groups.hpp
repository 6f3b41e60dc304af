// What rewriting-bench measures, a file each: a function that gives the rows of its part of the table.
#pragma once

#include "bench/support/options.hpp"
#include "bench/support/table.hpp"
#include "core/result.hpp"

#include <vector>

namespace ringside::bench {

using Rows = Result<std::vector<BenchRow>>;

Rows measure_instructions(const BenchOptions& options);
Rows measure_guests(const BenchOptions& options);
Rows measure_translation(const BenchOptions& options);
Rows measure_transitions(const BenchOptions& options);
Rows measure_boot(const BenchOptions& options);
Rows measure_against_qemu(const BenchOptions& options);

}
