// What it costs a guest that the window watches it: the CPU time of its worker, beside that of a worker whose guest nobody
// looks at.
#include "bench/support/measurement.hpp"
#include "bench/window_bench/parts.hpp"
#include "core/session/scenario.hpp"
#include "visualizer/model/observed_run.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <sys/resource.h>
#include <thread>

namespace ringside {

using namespace visualizer;
using namespace std::chrono_literals;

namespace {

constexpr double milli = 1e3;

struct Guest {
    const char* name;
    double bound; // the recorder's own: bench/run recording
};
constexpr std::array guests { Guest { "sieve", 1.02 }, Guest { "syscalls", 1.15 } };

Result<SessionConfiguration> plan_for(const std::string& guest)
{
    auto scenario = ScenarioLibrary::of_this_program().load(guest);
    if (!scenario)
        return scenario.propagate();
    auto boot = scenario->boot_for(GuestKind::Unmodified);
    if (!boot)
        return boot.propagate();
    SessionConfiguration plan;
    plan.name = guest;
    plan.boot = std::move(*boot);
    plan.memory_bytes = scenario->memory_mebibytes * mebibyte;
    plan.trace_capacity = 1 << 17;
    std::error_code error;
    plan.worker_program = std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "ringside";
    return plan;
}

double seconds_of_children()
{
    rusage usage {};
    getrusage(RUSAGE_CHILDREN, &usage);
    auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Result<void> run_unwatched(const SessionConfiguration& plan)
{
    auto session = Session::start(plan);
    if (!session)
        return session.propagate();
    while (!(*session)->ended()) {
        std::string console;
        (*session)->wait(25ms);
        (*session)->take_console(console);
    }
    return {};
}

// At the pace of the window's frames.
Result<void> run_watched(const SessionConfiguration& plan)
{
    auto run = ObservedRun::live(plan);
    if (!run)
        return run.propagate();
    while (!(*run)->end()) {
        (*run)->poll();
        std::this_thread::sleep_for(25ms);
    }
    return {};
}

// Seconds of CPU, the worker's whole life.
Result<double> cost_of(Result<void> (*run)(const SessionConfiguration&), const SessionConfiguration& plan)
{
    auto before = seconds_of_children();
    if (auto done = run(plan); !done)
        return done.propagate();
    return seconds_of_children() - before;
}

Result<void> measure(const Guest& guest, unsigned runs, std::vector<BenchRow>& rows)
{
    auto plan = plan_for(guest.name);
    if (!plan)
        return plan.propagate();
    std::vector<double> unwatched, watched, again;
    for (unsigned i = 0; i < runs; ++i) {
        for (auto [run, costs] : { std::pair { &run_unwatched, &unwatched }, std::pair { &run_watched, &watched }, std::pair { &run_unwatched, &again } }) {
            auto cost = cost_of(run, *plan);
            if (!cost)
                return cost.propagate();
            costs->push_back(*cost);
        }
    }
    auto without = median(unwatched), with = median(watched);
    rows.push_back({ .what = fmt::format("watched against not: {}", guest.name), .value = with * milli, .unit = "ms",
        .against = without * milli, .ratio = with / without, .cpu_ratio = with / without, .floor = median(again) / without,
        .bound = guest.bound, .judged_by_cpu = true });
    return {};
}

}

Result<void> measure_being_watched(const BenchOptions& options, std::vector<BenchRow>& rows)
{
    for (const auto& guest : guests) {
        if (auto done = measure(guest, options.runs * 3, rows); !done)
            return done;
    }
    return {};
}

}
