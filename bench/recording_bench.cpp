// What it costs a guest that every event is recorded: the compute kernels, which have few, and system calls, which have
// four each.
//
//     recording-bench [compute] [syscalls] [--runs N] [--json FILE]
//
// One run of a guest differs from the next by some percent, recorded or not: its translated code and its memory lie
// elsewhere. A bound of 2 % therefore takes many runs. The floor is the same measurement without recording: as many runs of
// a third machine, which differs in nothing from the one that is compared with. Its distance from 1 is what chance does.
//
// Judged is the CPU time of the guest's worker, where everything is recorded. The session, which reads the events on
// another CPU meanwhile, takes none of it; on a host whose CPUs are busy it takes turns with the worker, and the wall shows
// that.
//
// Exit code 1: a bound is missed.
#include "bench/support/interleaved.hpp"
#include "bench/support/kernels.hpp"
#include "bench/support/table.hpp"

#include <fmt/format.h>

using namespace ringside;

namespace {

constexpr double milli = 1e3;
constexpr unsigned runs_for_one = 5; // for each run that was asked for
constexpr double compute_bound = 1.02, system_call_bound = 1.15;

struct Ratios {
    std::vector<double> recording, cpu, floor;
};

Result<void> measure(const Workload& workload, double bound, unsigned runs, std::vector<BenchRow>& rows, Ratios& ratios)
{
    using enum Machines;
    static constexpr std::array machines { Ringside, RingsideRecording, RingsideAgain };
    auto m = Interleaved::measure(workload, std::array { Stretch {} }, machines, runs);
    if (!m)
        return m.propagate();
    ratios.recording.push_back(m->ratio(RingsideRecording, Ringside));
    ratios.cpu.push_back(m->cpu_ratio(RingsideRecording, Ringside));
    ratios.floor.push_back(m->cpu_ratio(RingsideAgain, Ringside));
    rows.push_back({ .what = fmt::format("recording against not: {}", workload.name),
        .value = m->wall(RingsideRecording) * milli, .unit = "ms", .against = m->wall(Ringside) * milli,
        .ratio = ratios.recording.back(), .cpu_ratio = ratios.cpu.back(), .floor = ratios.floor.back(), .bound = bound,
        .judged_by_cpu = true });
    return {};
}

Result<void> measure_compute(unsigned runs, std::vector<BenchRow>& rows)
{
    Ratios ratios;
    for (const auto& kernel : compute_kernels) {
        if (auto done = measure(kernel, compute_bound, runs, rows, ratios); !done)
            return done;
    }
    rows.push_back({ .what = "recording against not: geometric mean", .value = 0, .unit = "", .against = {},
        .ratio = geometric_mean(ratios.recording), .cpu_ratio = geometric_mean(ratios.cpu),
        .floor = geometric_mean(ratios.floor), .bound = compute_bound, .judged_by_cpu = true });
    return {};
}

Result<void> measure_wanted(const BenchOptions& options, std::vector<BenchRow>& rows)
{
    unsigned runs = options.runs * runs_for_one;
    if (options.wants("compute")) {
        if (auto done = measure_compute(runs, rows); !done)
            return done;
    }
    Ratios ratios;
    return options.wants("syscalls") ? measure({ "syscalls", "n=200000", "syscalls" }, system_call_bound, runs, rows, ratios)
                                     : Result<void> {};
}

}

int main(int argc, char** argv)
{
    auto options = parse_bench_options({ "recording-bench", { "compute", "syscalls" } }, argc, argv);
    if (!options)
        return static_cast<int>(ExitCode::Usage);
    std::vector<BenchRow> rows;
    auto done = measure_wanted(*options, rows);
    options->runs *= runs_for_one;
    int status = show_table(*options, rows);
    if (!done) {
        fmt::print(stderr, "bench: {}\n", done.error().message);
        return static_cast<int>(done.error().code);
    }
    return status;
}
