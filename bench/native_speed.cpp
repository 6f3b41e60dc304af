// How fast a guest's programs run natively: the eight compute kernels in ring 3 of bantam against the same images as
// 32-bit programs of the host, at the same addresses (bench/native_program), in turns within one run. The floor is the
// program that gets a signal of the host for each timer tick that the guest gets.
//
//     native-speed [KERNEL...] [--runs N] [--json FILE]
//
// Exit code 1: a bound is missed.
#include "bench/support/interleaved.hpp"
#include "bench/support/table.hpp"
#include "core/machine/strategy.hpp"

#include <algorithm>
#include <optional>
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
    { "calls", "n=41", "calls" },
    { "sieve", "rounds=900", "sieve" },
    { "indirect", "n=300000000", "indirect" },
    { "sort", "n=4000000", "sort" },
    { "crc32", "size=500000 rounds=300", "crc32" },
    { "matmul", "rounds=200", "matmul" },
    { "copy", "rounds=240000", "copy" },
} };

// Bounds are of times.
struct Candidate {
    Machines machine;
    const char* strategy;
    double bound;                       // of each kernel ...
    std::optional<double> calls {};     // ... but of this one
    std::optional<double> mean {};      // geometric, of all
};

const std::array candidates {
    Candidate { Machines::RingsideTrap, "trap", 1 / least_speed },
    Candidate { Machines::RingsideRewriting, "rewriting", 1.6, 2.0, 1.05 },
    Candidate { Machines::RingsideParavirt, "paravirt", 1 / least_speed },
};

std::vector<Machines> machines_here()
{
    std::vector<Machines> machines { Machines::HostProgram, Machines::HostProgramWithSignals };
    for (const auto& candidate : candidates) {
        const auto* strategy = find_strategy(candidate.strategy);
        if (strategy && strategy->probe().available)
            machines.push_back(candidate.machine);
        else
            fmt::print(stderr, "native-speed: {} is not available here\n", candidate.strategy);
    }
    return machines;
}

void add_rows(std::vector<BenchRow>& rows, const Workload& kernel, const Interleaved& measured, const std::vector<Machines>& machines)
{
    for (const auto& candidate : candidates) {
        if (std::find(machines.begin(), machines.end(), candidate.machine) == machines.end())
            continue;
        rows.push_back({ .what = fmt::format("native speed under {}: {}", candidate.strategy, kernel.name),
            .value = measured.wall(candidate.machine) * milli, .unit = "ms", .against = measured.wall(Machines::HostProgram) * milli,
            .ratio = measured.ratio(candidate.machine, Machines::HostProgram),
            .cpu_ratio = measured.cpu_ratio(candidate.machine, Machines::HostProgram), 
            .floor = measured.ratio(Machines::HostProgramWithSignals, Machines::HostProgram),
            .bound = candidate.calls && kernel.name == "calls" ? *candidate.calls : candidate.bound });
    }
}

void add_means(std::vector<BenchRow>& rows)
{
    std::vector<BenchRow> means;
    for (const auto& candidate : candidates) {
        auto begin = fmt::format("native speed under {}: ", candidate.strategy);
        std::vector<double> wall, cpu;
        for (const auto& row : rows) {
            if (!row.what.starts_with(begin))
                continue;
            wall.push_back(*row.ratio);
            cpu.push_back(*row.cpu_ratio);
        }
        if (!wall.empty())
            means.push_back({ .what = begin + "geometric mean", .value = {}, .unit = {}, .against = {},
                .ratio = geometric_mean(wall), .cpu_ratio = geometric_mean(cpu), .floor = {}, .bound = candidate.mean });
    }
    rows.insert(rows.end(), means.begin(), means.end());
}

}

int main(int argc, char** argv)
{
    BenchUsage usage { .program = "native-speed" };
    for (const auto& kernel : kernels)
        usage.groups.push_back(kernel.name);
    auto options = parse_bench_options(usage, argc, argv);
    if (!options)
        return static_cast<int>(ExitCode::Usage);
    auto machines = machines_here();
    std::vector<BenchRow> rows;
    for (const auto& kernel : kernels) {
        if (!options->wants(kernel.name))
            continue;
        auto measured = Interleaved::measure(kernel, std::array { Stretch {} }, machines, options->runs);
        if (!measured) {
            fmt::print(stderr, "native-speed: {}\n", measured.error().message);
            return static_cast<int>(ExitCode::Internal);
        }
        add_rows(rows, kernel, *measured, machines);
    }
    add_means(rows);
    return show_table(*options, rows);
}
