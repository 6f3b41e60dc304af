// How fast a guest's programs run natively: the eight compute kernels in ring 3 of bantam against the same objects linked as
// a 32-bit program of the host, in turns within one run.
//
//     native-speed [--runs N] [--json FILE]
//
// Exit code 1: a kernel under a strategy runs at less than 0.98 of the host program's speed.
#include "bench/support/interleaved.hpp"
#include "bench/support/table.hpp"
#include "core/machine/strategy.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string>

using namespace ringside;

namespace {

constexpr double milli = 1e3;
constexpr double least_speed = 0.98;

// Each takes half a second or more at native speed, so that the demand-paged start does not count.
const std::array<Workload, 8> kernels { {
    { "alu", "n=300000000", "alu" },
    { "calls", "n=40", "calls" },
    { "sieve", "rounds=900", "sieve" },
    { "indirect", "n=300000000", "indirect" },
    { "sort", "n=2000000", "sort" },
    { "crc32", "size=500000 rounds=300", "crc32" },
    { "matmul", "rounds=200", "matmul" },
    { "copy", "rounds=240000", "copy" },
} };

struct Candidate {
    Machines machine;
    const char* strategy;
};

constexpr std::array candidates { Candidate { Machines::RingsideTrap, "trap" }, Candidate { Machines::RingsideParavirt, "paravirt" } };

std::vector<Machines> machines_here()
{
    std::vector<Machines> machines { Machines::HostProgram };
    for (const auto& candidate : candidates) {
        const auto* strategy = find_strategy(candidate.strategy);
        if (strategy && strategy->probe().available)
            machines.push_back(candidate.machine);
        else
            fmt::print(stderr, "native-speed: {} is not available here\n", candidate.strategy);
    }
    return machines;
}

// The ratio is of times: at most 1 / 0.98.
void add_rows(std::vector<BenchRow>& rows, const Workload& kernel, const Interleaved& measured, const std::vector<Machines>& machines)
{
    for (const auto& candidate : candidates) {
        if (std::find(machines.begin(), machines.end(), candidate.machine) == machines.end())
            continue;
        rows.push_back({ .what = fmt::format("native speed under {}: {}", candidate.strategy, kernel.name),
            .value = measured.wall(candidate.machine) * milli, .unit = "ms", .against = measured.wall(Machines::HostProgram) * milli,
            .ratio = measured.ratio(candidate.machine, Machines::HostProgram),
            .cpu_ratio = measured.cpu_ratio(candidate.machine, Machines::HostProgram), .floor = {}, .bound = 1 / least_speed });
    }
}

}

int main(int argc, char** argv)
{
    auto options = parse_bench_options({ "native-speed" }, argc, argv);
    if (!options)
        return static_cast<int>(ExitCode::Usage);
    auto machines = machines_here();
    std::vector<BenchRow> rows;
    for (const auto& kernel : kernels) {
        auto measured = Interleaved::measure(kernel, std::array { Stretch {} }, machines, options->runs);
        if (!measured) {
            fmt::print(stderr, "native-speed: {}\n", measured.error().message);
            return static_cast<int>(ExitCode::Internal);
        }
        add_rows(rows, kernel, *measured, machines);
    }
    return show_table(*options, rows);
}
