// How fast a guest's programs run natively: the eight compute kernels in ring 3 of bantam against the same images as
// 32-bit programs of the host, at the same addresses (bench/native_program), in turns within one run. The floor is the
// program that gets a signal of the host for each timer tick that the guest gets.
//
//     native-speed [KERNEL...] [ticks] [--runs N] [--json FILE]
//
// Exit code 1: a bound is missed.
#include "bench/support/interleaved.hpp"
#include "bench/support/table.hpp"
#include "bench/support/timer_ticks.hpp"
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

// Each takes half a second or so at native speed, so that the start does not count: demand paging, and the first milliseconds
// until a program that computes is seen to. None needs more than some 2 MiB: what more costs depends on which physical pages
// the host happens to give, by tens of percents from run to run, in either kind of program.
const std::array<Workload, 8> kernels { {
    { "alu", "n=300000000", "alu" },
    { "calls", "n=41", "calls" },
    { "sieve", "rounds=900", "sieve" },
    { "indirect", "n=300000000", "indirect" },
    { "sort", "n=200000 rounds=30", "sort" },
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

// Against the signal that the host program gets instead.
void add_ticks(std::vector<BenchRow>& rows, const std::map<Machines, TickPrice>& prices)
{
    constexpr double micro = 1e6;
    double host = prices.at(Machines::HostProgramWithSignals).whole * micro;
    for (const auto& candidate : candidates) {
        auto price = prices.find(candidate.machine);
        if (price == prices.end())
            continue;
        double whole = price->second.whole * micro, signals = price->second.signals * micro;
        rows.push_back({ .what = fmt::format("a timer tick under {}", candidate.strategy), .value = whole, .unit = "us",
            .against = host, .ratio = whole / host, .cpu_ratio = {}, .floor = {}, .bound = {} });
        rows.push_back({ .what = "... of that, signals of the host", .value = signals, .unit = "us", .against = {},
            .ratio = {}, .cpu_ratio = {}, .floor = {}, .bound = {} });
    }
}

}

int main(int argc, char** argv)
{
    BenchUsage usage { .program = "native-speed" };
    for (const auto& kernel : kernels)
        usage.groups.push_back(kernel.name);
    usage.groups.push_back("ticks");
    auto options = parse_bench_options(usage, argc, argv);
    if (!options)
        return static_cast<int>(ExitCode::Usage);
    auto machines = machines_here();
    auto failed = [](const auto& result) {
        fmt::print(stderr, "native-speed: {}\n", result.error().message);
        return static_cast<int>(ExitCode::Internal);
    };
    std::vector<BenchRow> rows;
    for (const auto& kernel : kernels) {
        if (!options->wants(kernel.name))
            continue;
        auto measured = Interleaved::measure(kernel, std::array { Stretch {} }, machines, options->runs);
        if (!measured)
            return failed(measured);
        add_rows(rows, kernel, *measured, machines);
    }
    add_means(rows);
    if (options->wants("ticks")) {
        auto prices = measure_timer_ticks(std::span { machines }.subspan(1), options->runs); // not of the bare program
        if (!prices)
            return failed(prices);
        add_ticks(rows, *prices);
    }
    return show_table(*options, rows);
}
