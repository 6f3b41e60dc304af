#include "visualizer/model/timeline_marks.hpp"

#include <algorithm>

namespace ringside::visualizer {

namespace {

constexpr uint64_t pixels_for_an_exit = 4; // fewer, and exits cannot be told apart
constexpr uint64_t rare = 8;               // events of a kind in a view, at most

// The lane shows the rings by itself.
bool is_ring_change(EventKind kind)
{
    return kind == EventKind::RingChange || kind == EventKind::RealRingChange;
}

void add_mark(const EventStore& store, uint64_t index, TimelineLane& lane)
{
    const auto& event = store[index];
    double begin = nanoseconds_at(store.scale(), event.time), end = nanoseconds_at(store.scale(), end_of(event));
    lane.marks.push_back({ index, event.kind, begin, end, lane.view.x_of(begin), lane.view.x_of(end) });
}

void mark_kind(const EventStore& store, EventKind kind, IndexRange events, TimelineLane& lane)
{
    auto first = store.count_before(kind, events.begin), last = store.count_before(kind, events.end);
    for (; first < last; ++first)
        add_mark(store, store.nth_of_kind(kind, first), lane);
}

}

void mark_events(const EventStore& store, TickRange ticks, TimelineLane& lane)
{
    lane.marks.clear();
    auto events = store.ending_in(ticks);
    std::array<uint64_t, event_kind_count> counts {};
    uint64_t exits = 0;
    for (const auto& [kind, name, category, fields, sentence, source] : event_descriptions()) {
        auto number = static_cast<std::size_t>(kind);
        counts[number] = store.count_before(kind, events.end) - store.count_before(kind, events.begin);
        exits += exit_kinds[number] ? counts[number] : 0;
    }
    lane.all_exits_marked = exits * pixels_for_an_exit <= static_cast<uint64_t>(lane.view.width);
    for (const auto& description : event_descriptions()) {
        auto number = static_cast<std::size_t>(description.kind);
        bool every = exit_kinds[number] && lane.all_exits_marked;
        if (counts[number] > 0 && !is_ring_change(description.kind) && (every || counts[number] <= rare))
            mark_kind(store, description.kind, events, lane);
    }
    // What begins in the view or before and goes on after it.
    if (auto last = store.exit_at(ticks.end); last && *last >= events.end && store[*last].time < ticks.end)
        add_mark(store, *last, lane);
    std::ranges::stable_sort(lane.marks, {}, &TimelineMark::begin);
}

}
