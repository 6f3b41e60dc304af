// Frames while three VMs run flat out: one that never ends and computes, and one that is nothing but exits.
#include "bench/support/measurement.hpp"
#include "bench/window_bench/frames.hpp"
#include "bench/window_bench/parts.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace ringside {

using namespace std::chrono_literals;

namespace {

constexpr double milli = 1e3;
constexpr double most_cpu = 12, most_interval = 1000.0 / 30; // milliseconds

double percentile(std::vector<double> values, double share)
{
    auto place = values.begin() + static_cast<std::ptrdiff_t>(static_cast<double>(values.size() - 1) * share);
    std::nth_element(values.begin(), place, values.end());
    return *place;
}

double mean(const std::vector<double>& values)
{
    double sum = 0;
    for (auto value : values)
        sum += value;
    return sum / static_cast<double>(values.size());
}

BenchRow plain(std::string what, double value, std::optional<double> bound = {})
{
    return { .what = std::move(what), .value = value, .unit = "ms", .against = {}, .ratio = {}, .cpu_ratio = {}, .floor = {}, .bound = bound };
}

}

Result<void> measure_frames_with_vms(const BenchOptions& options, std::vector<BenchRow>& rows)
{
    for (const char* guest : { "crash-loop", "syscalls" }) {
        auto window = BenchWindow::open({ .guests = { guest }, .strategies = { "emulation", "trap", "rewriting" } },
            { "comparison", "timeline", "exits", "story" });
        if (!window)
            return window.propagate();
        window->draw_for(2s);
        auto times = window->draw_for(std::chrono::seconds { options.runs });
        rows.push_back(plain(fmt::format("frame, 3 VMs, {}: CPU time, mean", guest), mean(times.cpu) * milli, most_cpu));
        rows.push_back(plain(fmt::format("frame, 3 VMs, {}: CPU time, 95 of 100", guest), percentile(times.cpu, 0.95) * milli, most_cpu));
        rows.push_back(plain(fmt::format("frame to frame, 3 VMs, {}: mean", guest), mean(times.interval) * milli, most_interval));
        rows.push_back(plain(fmt::format("frame to frame, 3 VMs, {}: 95 of 100", guest), percentile(times.interval, 0.95) * milli));
    }
    return {};
}

}
