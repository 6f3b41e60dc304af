// The one table that a benchmark run prints, and the same as JSON.
#pragma once

#include "bench/support/options.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ringside {

struct BenchRow {
    std::string what;
    double value = 0;               // in `unit`
    std::string unit;
    std::optional<double> against;  // what it is compared with, in `unit`
    std::optional<double> ratio;    // of medians of wall time
    std::optional<double> cpu_ratio; // the same of CPU time, for a host that is busy
    std::optional<double> floor;    // the ratio that the mechanism allows at best: bare Unicorn's
    std::optional<double> bound;    // of the ratio; of the value where there is no ratio
    bool judged_by_cpu = false;     // the bound is of the ratio of CPU time, and so is the floor

    bool met() const { return !bound || (judged_by_cpu ? cpu_ratio : ratio).value_or(value) <= *bound; }
};

// Prints the table, and writes it to the JSON file that is asked for. The program's exit code: 1 if a bound is missed.
int show_table(const BenchOptions& options, const std::vector<BenchRow>& rows);

}
