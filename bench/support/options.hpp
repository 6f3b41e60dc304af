// The command line that the benchmarks share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringside {

constexpr unsigned fewest_runs = 9; // that a promise may be judged by

struct BenchOptions {
    std::vector<std::string> groups; // those asked for; none stands for all
    std::string strategy;
    std::string json_path;           // empty: no JSON is wanted
    unsigned runs = fewest_runs;

    bool wants(std::string_view group) const;
};

// What one program takes besides --runs N and --json FILE.
struct BenchUsage {
    std::string_view program;
    std::vector<std::string_view> groups = {};
    std::string_view strategy = {}; // where --strategy NAME is an option: its default
};

// Nothing if the command line is wrong; the usage is then on standard error.
std::optional<BenchOptions> parse_bench_options(const BenchUsage& usage, int argc, char** argv);

}
