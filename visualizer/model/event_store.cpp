#include "visualizer/model/event_store.hpp"

#include <algorithm>
#include <atomic>

namespace ringside::visualizer {

namespace {

// The time that somebody works for the guest: not what it waits.
uint32_t work_of(const EventRecord& record)
{
    return is_exit(record) && record.kind != EventKind::Halt ? record.duration : 0;
}

// A change of ring that is recorded too late leads back before a moment that was looked at.
uint64_t grown(uint64_t from, uint64_t to)
{
    return to > from ? to - from : 0;
}

}

uint64_t EventStore::new_identity()
{
    static std::atomic<uint64_t> last = 0;
    return ++last;
}

void EventStore::append(std::span<const EventRecord> events)
{
    for (const auto& event : events)
        append(event);
}

void EventStore::append(const EventRecord& event)
{
    if (m_events.empty()) {
        m_begin = event.time;
        m_sums.begin_with(event);
    }
    if (m_events.size() % group_size == 0)
        begin_group();
    m_events.push_back(event);
    m_begin = std::min(m_begin, event.time);
    m_sums.add(event);
    m_exits.add(event);
    if (is_exit(event))
        note_duration(event);
    if (m_events.size() % group_size == 0)
        end_group();
}

void EventStore::note_duration(const EventRecord& exit)
{
    auto& chunk = m_chunks.back();
    auto kind = static_cast<std::size_t>(exit.kind);
    chunk.minimum[kind] = std::min(chunk.minimum[kind], exit.duration);
    chunk.maximum[kind] = std::max(chunk.maximum[kind], exit.duration);
    (exit.kind == EventKind::Halt ? m_halted : m_monitor).add(exit.time, end_of(exit));
    m_longest_of_group = std::max(m_longest_of_group, work_of(exit));
}

void EventStore::begin_group()
{
    if (m_events.size() % chunk_size == 0)
        begin_chunk();
    Checkpoint checkpoint { m_sums.key, m_sums.virtual_ring, m_sums.real_ring, {} };
    for (std::size_t kind = 0; kind < event_kind_count; ++kind)
        checkpoint.counts[kind] = static_cast<uint16_t>(m_sums.counts[kind] - m_chunks.back().counts_before[kind]);
    m_groups.push_back(checkpoint);
}

void EventStore::begin_chunk()
{
    m_chunks.emplace_back();
    m_chunks.back().counts_before = m_sums.counts;
    m_chunks.back().minimum.fill(UINT32_MAX);
    m_exits_before.push_back(std::make_unique<ExitSums>(m_exits));
}

void EventStore::end_group()
{
    m_group_keys.push_back(m_sums.key);
    m_longest.push_back(m_longest_of_group);
    m_longest_of_group = 0;
}

TickRange EventStore::range() const
{
    if (empty())
        return {};
    return { m_begin, m_sums.key == UINT64_MAX ? UINT64_MAX : m_sums.key + 1 };
}

// The sums of all events before the group, which exists.
EventStore::Position EventStore::at_group(uint64_t group) const
{
    const auto& checkpoint = m_groups[group];
    const auto& before = m_chunks[group / groups_per_chunk].counts_before;
    Position position;
    position.index = group * group_size;
    position.sums.key = checkpoint.key;
    position.sums.virtual_ring = checkpoint.virtual_ring;
    position.sums.real_ring = checkpoint.real_ring;
    for (std::size_t kind = 0; kind < event_kind_count; ++kind)
        position.sums.counts[kind] = before[kind] + checkpoint.counts[kind];
    return position;
}

// Moves on to the first event that ends at `tick` or later: a jump to its group if that is another one, then event by
// event.
void EventStore::advance(Position& position, uint64_t tick) const
{
    auto current = static_cast<std::ptrdiff_t>(position.index / group_size);
    if (static_cast<std::size_t>(current) < m_group_keys.size() && m_group_keys[static_cast<std::size_t>(current)] < tick) {
        auto found = std::lower_bound(m_group_keys.begin() + current, m_group_keys.end(), tick);
        auto group = static_cast<uint64_t>(found - m_group_keys.begin());
        if (group == m_groups.size()) {
            position = { size(), m_sums };
            return;
        }
        position = at_group(group);
    }
    while (position.index < size()) {
        for (const auto& event : m_events.stretch(position.index, size())) {
            if (std::max(position.sums.key, end_of(event)) >= tick)
                return;
            position.sums.add(event);
            ++position.index;
        }
    }
}

uint64_t EventStore::first_at_or_after(uint64_t tick) const
{
    if (empty())
        return 0;
    auto position = at_group(0);
    advance(position, tick);
    return position.index;
}

IndexRange EventStore::ending_in(TickRange range) const
{
    auto first = first_at_or_after(range.begin);
    return { first, std::max(first, first_at_or_after(range.end)) };
}

uint32_t EventStore::longest_between(uint64_t first, uint64_t last) const
{
    uint32_t longest = 0;
    auto look = [&](uint64_t from, uint64_t to) {
        for (const auto& event : m_events.stretch(from, to))
            longest = std::max(longest, work_of(event));
    };
    auto first_group = (first + group_size - 1) / group_size, last_group = last / group_size;
    if (first_group > last_group) { // within one group
        look(first, last);
        return longest;
    }
    look(first, first_group * group_size);
    look(last_group * group_size, last);
    return std::max(longest, m_longest.largest(first_group, last_group));
}

void EventStore::advance(Edge& edge, uint64_t tick) const
{
    edge.tick = tick;
    advance(edge.position, tick);
    edge.in_monitor = m_monitor.covered_until(tick);
    edge.halted = m_halted.covered_until(tick);
}

EventSummary EventStore::between(const Edge& from, const Edge& to) const
{
    EventSummary summary;
    const auto &before = from.position.sums, &after = to.position.sums;
    summary.events = { from.position.index, to.position.index };
    for (std::size_t kind = 0; kind < event_kind_count; ++kind)
        summary.counts[kind] = static_cast<uint32_t>(after.counts[kind] - before.counts[kind]);
    // Beyond the last event nobody knows where the guest is.
    auto begin = std::min(from.tick, m_sums.key), end = std::min(to.tick, m_sums.key);
    for (uint8_t ring = 0; ring < 4; ++ring) {
        summary.in_ring[ring]
            = grown(before.virtual_ring.time_until(ring, begin), after.virtual_ring.time_until(ring, end));
        summary.in_real_ring[ring]
            = grown(before.real_ring.time_until(ring, begin), after.real_ring.time_until(ring, end));
    }
    summary.in_monitor = to.in_monitor - from.in_monitor;
    summary.halted = to.halted - from.halted;
    summary.longest_exit = longest_between(summary.events.begin, summary.events.end);
    return summary;
}

void EventStore::summaries(std::span<const uint64_t> edges, std::vector<EventSummary>& out) const
{
    out.clear();
    if (edges.size() < 2)
        return;
    if (empty()) {
        out.resize(edges.size() - 1);
        return;
    }
    out.reserve(edges.size() - 1);
    Edge from { .tick = 0, .position = at_group(0) };
    advance(from, edges[0]);
    for (auto tick : edges.subspan(1)) {
        auto to = from;
        advance(to, tick);
        out.push_back(between(from, to));
        from = to;
    }
}

EventSummary EventStore::summary(TickRange range) const
{
    std::vector<EventSummary> one;
    const std::array<uint64_t, 2> edges { range.begin, std::max(range.begin, range.end) };
    summaries(edges, one);
    return one[0];
}

void EventStore::add_range(ExitSums& sums, uint64_t first, uint64_t last) const
{
    while (first < last) {
        auto events = m_events.stretch(first, last);
        for (const auto& event : events)
            sums.add(event);
        first += events.size();
    }
}

ExitSums EventStore::exits(TickRange range) const
{
    ExitSums sums;
    auto [first, last] = ending_in(range);
    auto first_chunk = (first + chunk_size - 1) / chunk_size, last_chunk = last / chunk_size;
    if (first_chunk >= last_chunk) {
        add_range(sums, first, last);
        return sums;
    }
    const auto& before = *m_exits_before[first_chunk];
    const auto& after = last_chunk == m_chunks.size() ? m_exits : *m_exits_before[last_chunk];
    for (std::size_t kind = 0; kind < event_kind_count; ++kind) {
        auto& sum = sums.kinds[kind];
        sum.count = after.kinds[kind].count - before.kinds[kind].count;
        sum.total = after.kinds[kind].total - before.kinds[kind].total;
        for (std::size_t bucket = 0; bucket < duration_buckets; ++bucket)
            sum.histogram[bucket] = after.kinds[kind].histogram[bucket] - before.kinds[kind].histogram[bucket];
    }
    for (auto chunk = first_chunk; chunk < last_chunk; ++chunk) {
        for (std::size_t kind = 0; kind < event_kind_count; ++kind) {
            auto& sum = sums.kinds[kind];
            sum.minimum = std::min(sum.minimum, m_chunks[chunk].minimum[kind]);
            sum.maximum = std::max(sum.maximum, m_chunks[chunk].maximum[kind]);
        }
    }
    add_range(sums, first, first_chunk * chunk_size);
    add_range(sums, last_chunk * chunk_size, last);
    return sums;
}

}
