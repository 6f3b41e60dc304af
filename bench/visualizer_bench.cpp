// What a long run costs the visualizer: opening a trace of ten million events, a step of the timeline's zoom, and what a
// frame asks of the models with ten million events and with ten thousand.
//
//     visualizer-bench [--json FILE] [--runs N]
//
// The trace is made here, in the temporary folder, and read from the page cache: the disk is not measured.
#include "bench/support/event_file.hpp"
#include "bench/support/measurement.hpp"
#include "bench/support/table.hpp"
#include "visualizer/model/exit_ledger.hpp"
#include "visualizer/model/timeline_model.hpp"
#include "visualizer/model/trace_loading.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <functional>
#include <unistd.h>

using namespace ringside;
using namespace ringside::visualizer;

namespace {

constexpr uint64_t many = 10'000'000, few = 10'000;
constexpr int width = 1280;
constexpr double milli = 1e3;

// On the wall for what people wait for; of CPU time for what is far shorter than the turn of another process.
Moment time_of(const std::function<void()>& work)
{
    auto start = now_of_process(getpid());
    work();
    return now_of_process(getpid()) - start;
}

struct ZoomCost {
    double median = 0;
    double longest = 0; // the median at the zoom where it takes longest
};

// From all of the run down to a few nanoseconds. Each view is another one: nothing can be kept from the one before.
ZoomCost zoom_step(const EventStore& store, unsigned runs)
{
    TimelineModel model;
    std::vector<std::vector<double>> by_zoom;
    for (unsigned run = 0; run < runs; ++run) {
        auto view = fitted({ 0, 1, width }, extent_of(store));
        for (std::size_t step = 0; view.length() > 10; view = zoomed(view, 0.8, 100 + run), ++step) {
            if (step == by_zoom.size())
                by_zoom.emplace_back();
            by_zoom[step].push_back(time_of([&] { model.cells(store, view); }).cpu);
        }
    }
    std::vector<double> medians;
    for (auto& samples : by_zoom)
        medians.push_back(median(std::move(samples)));
    auto longest = *std::ranges::max_element(medians);
    return { median(std::move(medians)), longest };
}

struct FrameCost {
    double moving = 0; // while the view and the selection change
    double still = 0;
};

FrameCost frame(const EventStore& store, unsigned runs)
{
    TimelineModel model;
    std::vector<double> moving, still;
    auto whole = fitted({ 0, 1, width }, extent_of(store));
    for (unsigned i = 0; i < runs * 10; ++i) {
        auto view = panned(whole, i);
        auto ask = [&] {
            const auto& lane = model.cells(store, view);
            TimelineModel::hit(store, lane, 640);
            auto ledger = ledger_of(store.exits(), store.scale());
        };
        moving.push_back(time_of([&] {
            ask();
            ledger_of(store.exits(ticks_of(store, span_between(view, 100 + i, 900))), store.scale());
        }).cpu);
        still.push_back(time_of(ask).cpu);
    }
    return { median(std::move(moving)), median(std::move(still)) };
}

BenchRow plain(const char* what, double value, const char* unit, std::optional<double> bound = {})
{
    return { .what = what, .value = value, .unit = unit, .against = {}, .ratio = {}, .cpu_ratio = {}, .floor = {}, .bound = bound };
}

Result<void> measure(const BenchOptions& options, const std::string& folder, std::vector<BenchRow>& rows)
{
    std::vector<EventStore> stores;
    for (auto count : { few, many }) {
        auto path = fmt::format("{}/{}", folder, count);
        if (auto written = write_event_file(path, count); !written)
            return written;
        std::vector<double> open;
        for (unsigned run = 0; run < (count == few ? 1 : 3); ++run) {
            std::optional<Result<LoadedTrace>> trace;
            open.push_back(time_of([&] { trace.emplace(load_trace(path)); }).wall);
            if (!*trace)
                return (*trace).propagate();
            if (run == 0)
                stores.push_back(std::move((**trace).events));
        }
        if (count == many)
            rows.push_back(plain("open ten million events", median(open), "s", 2));
        std::filesystem::remove(path);
    }
    auto zoom = zoom_step(stores[1], options.runs);
    rows.push_back(plain("zoom step, ten million events: median", zoom.median * milli, "ms", 16));
    rows.push_back(plain("zoom step, ten million events: longest", zoom.longest * milli, "ms", 16));
    auto small = frame(stores[0], options.runs), large = frame(stores[1], options.runs);
    // A frame draws, too; it is measured with the window. Here are the models alone, and what they may add to a frame
    // that takes 12 ms in all.
    rows.push_back(plain("frame's queries, view moving: 10,000", small.moving * milli, "ms"));
    rows.push_back(plain("frame's queries, view moving: 10,000,000", large.moving * milli, "ms"));
    rows.push_back(plain("frame's queries, view still: 10,000", small.still * milli, "ms"));
    rows.push_back(plain("frame's queries, view still: 10,000,000", large.still * milli, "ms"));
    rows.push_back(plain("what 10,000,000 events add to a frame of 12 ms", (12 + (large.moving - small.moving) * milli) / 12, "times", 1.3));
    return {};
}

}

int main(int argc, char** argv)
{
    auto options = parse_bench_options({ "visualizer-bench" }, argc, argv);
    if (!options)
        return static_cast<int>(ExitCode::Usage);
    auto pattern = (std::filesystem::temp_directory_path() / "ringside-bench-XXXXXX").string();
    if (!mkdtemp(pattern.data())) {
        fmt::print(stderr, "bench: no temporary folder\n");
        return static_cast<int>(ExitCode::Unavailable);
    }
    std::vector<BenchRow> rows;
    auto done = measure(*options, pattern, rows);
    std::error_code ignored;
    std::filesystem::remove_all(pattern, ignored);
    int status = show_table(*options, rows);
    if (!done) {
        fmt::print(stderr, "bench: {}\n", done.error().message);
        return static_cast<int>(done.error().code);
    }
    return status;
}
