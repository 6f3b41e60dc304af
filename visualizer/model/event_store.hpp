// All events of a run: appended as they come, never moved, and summarized as they come, so that any stretch of time can
// be looked at in steps that grow with the logarithm of their number. Nothing is skipped: a summary counts every event.
//
//   events       o o o o o o o o o o o ...            40 bytes each, in the order of the trace: by their end
//   groups       |  64 of them       |   ...          sums of all before; the longest exit within, in a pyramid
//   chunks       |  16384 of them                | ...   counts by kind, sums by reason with histograms, of all before
//   exits        two unions of intervals: the monitor's time, and that in which the guest waits in HLT
//
// An event belongs to the moment at which it ends. One that ends before an event ahead of it in the trace (a host whose
// counters differ between CPUs, a damaged file) belongs to the latest end so far. Records must be valid (is_valid()).
//
// Used by one thread.
#pragma once

#include "core/trace/event.hpp"
#include "core/trace/ticks.hpp"
#include "visualizer/model/chunked_vector.hpp"
#include "visualizer/model/covered_time.hpp"
#include "visualizer/model/event_sums.hpp"
#include "visualizer/model/exit_sums.hpp"
#include "visualizer/model/maximum_pyramid.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ringside::visualizer {

// From `begin` to before `end`.
struct TickRange {
    uint64_t begin = 0;
    uint64_t end = 0;
    bool operator==(const TickRange&) const = default;
};
struct IndexRange {
    uint64_t begin = 0;
    uint64_t end = 0;
    uint64_t size() const { return end - begin; }
    bool operator==(const IndexRange&) const = default;
};

// What happened in a stretch of time. Times are in ticks, and exact: an event that reaches beyond the stretch counts with
// the part that lies in it.
struct EventSummary {
    IndexRange events;                                // those that end in it
    std::array<uint32_t, event_kind_count> counts {}; // of those, by kind
    std::array<uint64_t, 4> in_ring {};               // virtual; together less than the stretch where the run does not fill it
    std::array<uint64_t, 4> in_real_ring {};          // by index in real_rings
    uint64_t in_monitor = 0;                          // during exits, those by HLT left out
    uint64_t halted = 0;                              // during exits by HLT
    uint32_t longest_exit = 0;                        // of those that end in it, HLT left out

    uint32_t count(EventKind kind) const { return counts[static_cast<std::size_t>(kind)]; }
};

class EventStore {
public:
    void append(std::span<const EventRecord> events);

    // No other store of this process has or had it: what is derived from a store is kept under this, since a store of the
    // next round may lie where the last one lay.
    uint64_t identity() const { return m_identity; }

    uint64_t size() const { return m_events.size(); }
    bool empty() const { return m_events.empty(); }
    const EventRecord& operator[](uint64_t index) const { return m_events[index]; }
    // The events from `first` on that lie one after another in memory, up to `last`; call again for the rest.
    std::span<const EventRecord> stretch(uint64_t first, uint64_t last) const { return m_events.stretch(first, last); }

    // How ticks read as nanoseconds; a live run knows its origin only after a while.
    const TickScale& scale() const { return m_scale; }
    void set_scale(const TickScale& scale) { m_scale = scale; }

    // From the earliest beginning to just after the latest end.
    TickRange range() const;
    // The first event that ends at this moment or later; size() if there is none.
    uint64_t first_at_or_after(uint64_t tick) const;
    IndexRange ending_in(TickRange range) const;

    EventSummary summary(TickRange range) const;
    // `edges` ascend; out[i] is of the stretch from edges[i] to edges[i + 1].
    void summaries(std::span<const uint64_t> edges, std::vector<EventSummary>& out) const;

    // By reason; of everything at no cost, of a range in a time that hardly depends on its length.
    const ExitSums& exits() const { return m_exits; }
    ExitSums exits(TickRange range) const;

    uint64_t count(EventKind kind) const { return m_sums.counts[static_cast<std::size_t>(kind)]; }
    // How many of the first `index` events are of this kind.
    uint64_t count_before(EventKind kind, uint64_t index) const;
    // The index of the event of this kind that has `before` of its kind ahead of it, which must exist.
    uint64_t nth_of_kind(EventKind kind, uint64_t before) const;
    // The innermost exit that the moment lies in.
    std::optional<uint64_t> exit_at(uint64_t tick) const;
    // The longest exit among these events, HLT left out.
    std::optional<uint64_t> longest_exit(IndexRange range) const;

private:
    static constexpr std::size_t group_size = 64;
    static constexpr std::size_t chunk_size = 16384;
    static constexpr std::size_t groups_per_chunk = chunk_size / group_size;

    // Of all events before a group; counts are from the beginning of its chunk.
    struct Checkpoint {
        uint64_t key;
        RingSums virtual_ring;
        RingSums real_ring;
        std::array<uint16_t, event_kind_count> counts;
    };
    // Apart from the histograms, so that a search or a range meets few cache lines.
    struct ChunkFacts {
        std::array<uint64_t, event_kind_count> counts_before {}; // of all events before the chunk
        std::array<uint32_t, event_kind_count> minimum {};       // durations of those in it
        std::array<uint32_t, event_kind_count> maximum {};
    };
    struct Position {
        uint64_t index = 0;
        EventSums sums;
    };
    struct Edge {
        uint64_t tick = 0;
        Position position;
        uint64_t in_monitor = 0; // up to there
        uint64_t halted = 0;
    };

    static uint64_t new_identity();
    void append(const EventRecord& event);
    void note_duration(const EventRecord& exit);
    void begin_group();
    void begin_chunk();
    void end_group();
    Position at_group(uint64_t group) const;
    void advance(Position& position, uint64_t tick) const;
    void advance(Edge& edge, uint64_t tick) const;
    EventSummary between(const Edge& from, const Edge& to) const;
    uint32_t longest_between(uint64_t first, uint64_t last) const;
    void add_range(ExitSums& sums, uint64_t first, uint64_t last) const;

    uint64_t m_identity = new_identity();
    TickScale m_scale;
    ChunkedVector<EventRecord, chunk_size> m_events;
    ChunkedVector<Checkpoint, 1024> m_groups;
    std::vector<uint64_t> m_group_keys; // the latest end up to the end of each whole group
    MaximumPyramid m_longest;           // exit of each whole group, HLT left out
    uint32_t m_longest_of_group = 0;    // of the last, unfinished one
    std::vector<ChunkFacts> m_chunks;
    std::vector<std::unique_ptr<ExitSums>> m_exits_before; // each chunk
    ExitSums m_exits;
    EventSums m_sums;
    CoveredTime m_monitor;
    CoveredTime m_halted;
    uint64_t m_begin = 0;
};

}
