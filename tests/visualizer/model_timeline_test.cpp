#include "tests/visualizer/model_samples.hpp"
#include "visualizer/model/timeline_model.hpp"

#include <cmath>
#include <numeric>

using namespace ringside;
using namespace ringside::visualizer;
namespace sample = ringside::visualizer::test;

static constexpr TickScale three_gigahertz { 3'000'000'000, 1'000'000 };

static EventStore scaled(const std::vector<EventRecord>& events, const TickScale& scale)
{
    auto store = sample::store_of(events);
    store.set_scale(scale);
    return store;
}

TEST_CASE("zooming keeps the point in place, from a second to a nanosecond and back", "[visualizer][timeline]")
{
    TimelineView view { 0, 1e9, 1280 };
    double x = 333, fixed = view.time_at(x);
    for (int step = 0; step < 30; ++step) {
        view = zoomed(view, 0.5, x);
        REQUIRE(std::abs(view.time_at(x) - fixed) < 1e-3 * std::max(view.length(), 1.0));
    }
    CHECK(view.length() == Approx(narrowest_view));
    for (int step = 0; step < 30; ++step)
        view = zoomed(view, 2, x);
    CHECK(view.length() == Approx(1e9).epsilon(0.1));
    CHECK(view.x_of(view.time_at(17)) == Approx(17));
}

TEST_CASE("panning moves what is seen, and a view stays about the run", "[visualizer][timeline]")
{
    TimelineView view { 100, 200, 100 };
    auto moved = panned(view, 10);
    CHECK(moved.x_of(view.time_at(50)) == Approx(60));
    TimeSpan extent { 0, 1000 };
    auto far = clamped({ 5000, 5100, 100 }, extent);
    CHECK(far.begin == Approx(950));
    CHECK(far.end == Approx(1050));
    CHECK(clamped({ -1e30, 1e30, 0 }, extent).length() <= 1e9);
    CHECK(clamped({ -1e30, 1e30, 0 }, extent).width == 1);
    CHECK(std::isfinite(clamped({ NAN, INFINITY, 5 }, extent).length()));
    auto all = fitted(view, extent);
    CHECK((all.begin < 0 && all.end > 1000));
    CHECK(clamped(all, extent) == all);
    CHECK(span_between(view, 80, 20) == TimeSpan { 120, 180 });
}

TEST_CASE("ticks and nanoseconds fit each other, and saturate", "[visualizer][timeline]")
{
    CHECK(tick_at(three_gigahertz, 10) == 1'000'030);
    CHECK(tick_at(three_gigahertz, -10) == 999'970);
    CHECK(nanoseconds_at(three_gigahertz, 1'000'030) == Approx(10));
    CHECK(nanoseconds_at(three_gigahertz, 999'970) == Approx(-10));
    CHECK(tick_at(three_gigahertz, -1e30) == 0);
    CHECK(tick_at({ 1'000'000'000, UINT64_MAX - 5 }, 1e30) == UINT64_MAX);
    CHECK(tick_at({ 0, 0 }, 7) == 7);
}

TEST_CASE("a cell says which ring, and the share of the monitor", "[visualizer][timeline]")
{
    auto store = sample::store_of({ sample::ring_change(0, 0, 3), sample::exit_at(100, 25), sample::ring_change(160, 3, 0),
        sample::exit_at(200, 200, EventKind::Halt), sample::exit_at(500, 0, EventKind::Cpuid) });
    TimelineModel model;
    const auto& lane = model.cells(store, { 0, 1000, 10 });
    REQUIRE(lane.cells.size() == 10);
    CHECK(lane.cells[0].ring == 3);
    CHECK(lane.cells[0].real_ring == RealRing::Ring3);
    CHECK_FALSE(lane.cells[0].is_mixture());
    CHECK(lane.cells[1].is_mixture());
    CHECK(lane.cells[1].ring_share[3] == Approx(0.6));
    CHECK(lane.cells[1].ring_share[0] == Approx(0.4));
    CHECK(lane.cells[1].in_monitor == Approx(0.25));
    CHECK(lane.cells[1].dominant_exit == EventKind::PortWrite);
    CHECK(lane.cells[1].exits == 1);
    CHECK(lane.cells[2].halted == Approx(1));
    CHECK(lane.cells[2].in_monitor == 0);
    CHECK(lane.cells[4].ring == 0);
    CHECK(lane.cells[9].ring == TimelineCell::nowhere);
    CHECK(lane.cells[5].kinds.test(static_cast<std::size_t>(EventKind::Cpuid)));
}

TEST_CASE("at every zoom each event of the view counts in one cell", "[visualizer][timeline]")
{
    auto store = scaled(sample::random_run(30'000, 2), three_gigahertz);
    auto extent = extent_of(store);
    TimelineModel model;
    auto view = fitted({ 0, 1, 640 }, extent);
    for (int step = 0; step < 40; ++step) {
        const auto& lane = model.cells(store, view);
        auto expected = store.ending_in(ticks_of(store, { view.begin, view.end })).size();
        uint64_t events = 0;
        for (const auto& cell : lane.cells)
            events += cell.events.size();
        // The last cell of a view narrower than its ticks ends with a tick.
        REQUIRE(events >= expected);
        REQUIRE(events <= expected + 3);
        view = zoomed(view, 0.5, 400);
    }
}

TEST_CASE("a view narrower than a tick shows the ring and the exit of that tick", "[visualizer][timeline]")
{
    auto store = scaled({ sample::ring_change(1'000'000, 0, 3), sample::exit_at(1'000'100, 900), sample::ring_change(1'002'000, 3, 0) }, three_gigahertz);
    TimelineModel model;
    double middle = nanoseconds_at(three_gigahertz, 1'000'500);
    const auto& lane = model.cells(store, { middle, middle + 1, 1280 });
    for (const auto& cell : lane.cells) {
        REQUIRE(cell.ring == 3);
        REQUIRE(cell.in_monitor == 1);
        REQUIRE(cell.exits == 0);
    }
    CHECK(lane.marks.size() == 1); // it begins before the view and ends after it
    CHECK(TimelineModel::hit(store, lane, 640).event == 1u);
}

TEST_CASE("few exits are marks; many are cells, in which a rare one is still a mark", "[visualizer][timeline]")
{
    std::vector<EventRecord> events;
    for (uint64_t i = 0; i < 100'000; ++i)
        events.push_back(sample::exit_at(100 * i, 30, i == 77'777 ? EventKind::Cpuid : EventKind::PortWrite));
    auto store = sample::store_of(events);
    TimelineModel model;
    auto all = model.cells(store, fitted({ 0, 1, 1000 }, extent_of(store)));
    CHECK_FALSE(all.all_exits_marked);
    REQUIRE(all.marks.size() == 1);
    CHECK(all.marks[0].index == 77'777);
    auto cell = static_cast<std::size_t>(all.marks[0].end_x);
    CHECK(all.cells[cell].kinds.test(static_cast<std::size_t>(EventKind::Cpuid)));
    CHECK(all.cells[cell].dominant_exit == EventKind::PortWrite);
    CHECK(all.cells[cell].dominant_count > 90);

    const auto& near = model.cells(store, { 7'777'000, 7'778'000, 1000 });
    CHECK(near.all_exits_marked);
    CHECK(near.marks.size() == 10);
    CHECK(std::ranges::is_sorted(near.marks, {}, &TimelineMark::begin));
    CHECK(near.marks[7].x == Approx(700));
    CHECK(near.marks[7].end_x == Approx(730));
}

TEST_CASE("what is under a point is the mark there, else the exit that lasts, else nothing", "[visualizer][timeline]")
{
    auto store = sample::store_of({ sample::ring_change(0, 0, 3), sample::exit_at(100, 50), { .time = 300, .kind = EventKind::GuestMarker },
        sample::exit_at(400, 2), sample::ring_change(1000, 3, 0) });
    TimelineModel model;
    auto lane = model.cells(store, { 0, 1000, 1000 });
    CHECK(TimelineModel::hit(store, lane, 120).event == 1u);
    CHECK(TimelineModel::hit(store, lane, 302).event == 2u);
    CHECK(TimelineModel::hit(store, lane, 398.5).event == 3u);
    CHECK_FALSE(TimelineModel::hit(store, lane, 600).event);
    CHECK(TimelineModel::hit(store, lane, 600).cell == 600);
    CHECK(TimelineModel::hit(store, lane, 600).time == Approx(600));
    CHECK(TimelineModel::hit(store, lane, 1e9).cell == 999);
    CHECK(TimelineModel::hit(store, lane, -5).cell == 0);
}

TEST_CASE("a lane follows a run that grows, and is kept when nothing changes", "[visualizer][timeline]")
{
    EventStore store;
    TimelineModel model;
    TimelineView view { 0, 100, 10 };
    CHECK(model.cells(store, view).cells[5].ring == TimelineCell::nowhere);
    store.append(std::vector { sample::ring_change(0, 0, 3), sample::exit_at(55, 5) });
    const auto& lane = model.cells(store, view);
    CHECK(lane.cells[5].ring == 3);
    const auto* cells = lane.cells.data();
    CHECK(model.cells(store, view).cells.data() == cells);
    store.set_scale({ 1'000'000'000, 50 });
    CHECK(model.cells(store, view).cells[0].in_monitor == Approx(0.5));
}
