// From bantam's first instruction to its first in ring 3, against emulation.
#include "bench/rewriting_bench/groups.hpp"
#include "bench/rewriting_bench/watched_run.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace ringside::bench {

namespace {

constexpr double milli = 1e3, most_times = 3;

Result<double> seconds_to_ring_3(const char* strategy)
{
    auto run = WatchedRun::create(strategy, ClockKind::Host, { "hello", "", "hello" });
    if (!run)
        return run.propagate();
    auto& block = (*run)->block();
    block.recording = true;
    if (auto done = (*run)->run({}); !done)
        return done.propagate();
    auto events = (*run)->events();
    auto found = std::find_if(events.begin(), events.end(),
        [](const EventRecord& event) { return event.kind == EventKind::RingChange && event.a == 0 && event.b == 3; });
    if (found == events.end())
        return fail(ExitCode::Internal, "bantam did not get to ring 3");
    return static_cast<double>(found->time - block.first_instruction) / static_cast<double>(block.ticks_per_second);
}

}

Rows measure_boot(const BenchOptions& options)
{
    std::vector<double> emulated, rewritten;
    for (unsigned run = 0; run < options.runs; ++run) {
        for (auto [strategy, samples] : { std::pair { "emulation", &emulated }, { "rewriting", &rewritten } }) {
            auto seconds = seconds_to_ring_3(strategy);
            if (!seconds)
                return seconds.propagate();
            samples->push_back(*seconds);
        }
    }
    double value = median(rewritten), against = median(emulated);
    return std::vector<BenchRow> {
        { .what = "rewriting against emulation: boot to ring 3", .value = value * milli, .unit = "ms",
            .against = against * milli, .ratio = value / against, .cpu_ratio = {}, .floor = {}, .bound = most_times },
    };
}

}
