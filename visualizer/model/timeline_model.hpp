// What a timeline of some width shows of a run: a lane of cells, one a pixel, each with the guest's ring, the monitor's
// share and the exits in it; and marks for single events where they are few enough to be told apart, or rare.
//
//   cells   every event of the view counts in exactly one of them
//   marks   all exits of the view, if they are few; always those events whose kind is rare in it
#pragma once

#include "visualizer/model/event_store.hpp"
#include "visualizer/model/timeline_view.hpp"

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <vector>

namespace ringside::visualizer {

struct TimelineCell {
    static constexpr uint8_t nowhere = 0xFF; // before the first event or after the last

    uint8_t ring = nowhere;                // the virtual ring in which the guest was most of the time
    std::optional<RealRing> real_ring;     // likewise
    std::array<float, 4> ring_share {};    // of the cell's time, from 0 to 1; more than one: a mixture
    float in_monitor = 0;                  // of the cell's time
    float halted = 0;                      // likewise
    EventKind dominant_exit = EventKind::Count_; // the most frequent one; Count_ if there is none
    uint32_t dominant_count = 0;
    uint32_t exits = 0;
    uint32_t longest_exit = 0; // ticks
    IndexRange events;         // those that end in this cell
    std::bitset<event_kind_count> kinds; // that occur in it

    bool is_mixture() const;
};

// A single event. `x` and `end_x` are equal for what has no duration; both may lie outside the view.
struct TimelineMark {
    uint64_t index = 0;
    EventKind kind = EventKind::Count_;
    double begin = 0; // nanoseconds
    double end = 0;
    double x = 0;
    double end_x = 0;
};

struct TimelineLane {
    TimelineView view;
    std::vector<TimelineCell> cells;
    std::vector<TimelineMark> marks; // by where they begin
    bool all_exits_marked = false;   // false: only rare events are marks, the cells say the rest
};

// What is under a point.
struct TimelineHit {
    std::size_t cell = 0;
    double time = 0;               // nanoseconds
    std::optional<uint64_t> event; // a mark, or the exit that the moment lies in
};

// All of a run, as the view's functions take it.
TimeSpan extent_of(const EventStore& store);
TickRange ticks_of(const EventStore& store, const TimeSpan& span);

class TimelineModel {
public:
    // One run's lane; kept until the view or the run changes.
    const TimelineLane& cells(const EventStore& store, const TimelineView& view);
    // A mark within `reach` pixels wins over the exit that lasts at that moment.
    static TimelineHit hit(const EventStore& store, const TimelineLane& lane, double x, double reach = 3);

private:
    TimelineLane m_lane;
    uint64_t m_store = 0; // its identity
    uint64_t m_events = 0;
    TickScale m_scale;
    std::vector<uint64_t> m_edges;        // of the stretches, ticks
    std::vector<std::size_t> m_stretch_of; // by cell
    std::vector<EventSummary> m_summaries;

    void divide(const EventStore& store);
    void make_cells();
};

}
