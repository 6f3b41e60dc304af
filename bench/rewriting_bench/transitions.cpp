// How often a guest that goes from block to block needs the monitor for it, between the marks of a workload. How many
// blocks it executes there is what emulation counts for the same workload: counting them natively would cost more than
// they do.
#include "bench/rewriting_bench/groups.hpp"
#include "bench/rewriting_bench/watched_run.hpp"
#include "strategies/rewriting/rewriting_cpu.hpp"

#include <array>
#include <fmt/format.h>

namespace ringside::bench {

namespace {

constexpr double most_that_leave = 0.001;

// As long as emulation needs for some tenths of a second.
const std::array<Workload, 9> workloads { {
    { "alu", "n=30000000", "alu" },
    { "calls", "n=32", "calls" },
    { "sieve", "rounds=15", "sieve" },
    { "indirect", "n=5000000", "indirect" },
    { "sort", "n=200000", "sort" },
    { "crc32", "size=500000 rounds=16", "crc32" },
    { "matmul", "rounds=1", "matmul" },
    { "copy", "rounds=400", "copy" },
    { "syscalls", "n=200000", "syscalls" },
} };

// How much `count` has grown between the marks.
Result<double> between_marks(WatchedRun& run, const std::function<uint64_t()>& count)
{
    std::optional<uint64_t> begin, end;
    auto done = run.run([&](std::string_view line) {
        if (line.starts_with("bench: begin"))
            begin = count();
        else if (line.starts_with("bench: end"))
            end = count();
    });
    if (!done)
        return done.propagate();
    if (!begin || !end)
        return fail(ExitCode::Internal, "bantam did not say 'bench: end'");
    return static_cast<double>(*end - *begin);
}

Result<double> blocks_of(const Workload& workload)
{
    auto run = WatchedRun::create("emulation", ClockKind::Virtual, workload);
    if (!run)
        return run.propagate();
    return between_marks(**run, [&] { return (*run)->block().blocks; });
}

// Direct branches that are not linked yet, and indirect ones whose target is not in the table.
uint64_t transitions_of(const rewriting::MonitorCalls& calls)
{
    return calls.of(rewriting::Site::Kind::Exit) + calls.no_entry;
}

Result<double> left_by(const Workload& workload)
{
    auto run = WatchedRun::create("rewriting", ClockKind::Host, workload);
    if (!run)
        return run.propagate();
    const auto& cpu = static_cast<rewriting::RewritingCpu&>((*run)->machine().strategy());
    return between_marks(**run, [&] { return transitions_of(cpu.monitor_calls()); });
}

}

Rows measure_transitions(const BenchOptions&)
{
    std::vector<BenchRow> rows;
    for (const auto& workload : workloads) {
        fmt::print(stderr, "bench: block transitions, {}\n", workload.name);
        auto blocks = blocks_of(workload);
        if (!blocks)
            return blocks.propagate();
        auto left = left_by(workload);
        if (!left)
            return left.propagate();
        rows.push_back({ .what = fmt::format("rewriting: transitions by the monitor: {}", workload.name),
            .value = *left, .unit = "", .against = *blocks, .ratio = *left / *blocks, .cpu_ratio = {}, .floor = {},
            .bound = most_that_leave });
    }
    return rows;
}

}
