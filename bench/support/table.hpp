// The one table that a benchmark run prints, and the same as JSON.
#pragma once

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

    bool met() const { return !bound || (ratio ? *ratio : value) <= *bound; }
};

std::string table_text(const std::vector<BenchRow>& rows);
bool write_table_json(const std::string& path, const std::vector<BenchRow>& rows, unsigned runs);

}
