#include "visualizer/model/timeline_model.hpp"

#include "visualizer/model/timeline_marks.hpp"

#include <algorithm>
#include <cmath>

namespace ringside::visualizer {

namespace {

float share_of(uint64_t part, uint64_t whole)
{
    return std::min(1.0F, static_cast<float>(static_cast<double>(part) / static_cast<double>(whole)));
}

void set_rings(TimelineCell& cell, const EventSummary& summary, uint64_t length)
{
    for (std::size_t ring = 0; ring < 4; ++ring)
        cell.ring_share[ring] = share_of(summary.in_ring[ring], length);
    auto most = std::max_element(summary.in_ring.begin(), summary.in_ring.end());
    if (*most > 0)
        cell.ring = static_cast<uint8_t>(most - summary.in_ring.begin());
    auto real = std::max_element(summary.in_real_ring.begin(), summary.in_real_ring.end());
    if (*real > 0)
        cell.real_ring = real_rings[static_cast<std::size_t>(real - summary.in_real_ring.begin())];
}

void set_events(TimelineCell& cell, const EventSummary& summary)
{
    cell.events = summary.events;
    cell.longest_exit = summary.longest_exit;
    for (std::size_t kind = 0; kind < event_kind_count; ++kind) {
        auto count = summary.counts[kind];
        if (count == 0)
            continue;
        cell.kinds.set(kind);
        if (!exit_kinds[kind])
            continue;
        cell.exits += count;
        if (count > cell.dominant_count) {
            cell.dominant_count = count;
            cell.dominant_exit = static_cast<EventKind>(kind);
        }
    }
}

}

bool TimelineCell::is_mixture() const
{
    return std::count_if(ring_share.begin(), ring_share.end(), [](float share) { return share > 0; }) > 1;
}

TimeSpan extent_of(const EventStore& store)
{
    auto range = store.range();
    return { nanoseconds_at(store.scale(), range.begin), nanoseconds_at(store.scale(), range.end) };
}

TickRange ticks_of(const EventStore& store, const TimeSpan& span)
{
    auto begin = tick_at(store.scale(), span.begin);
    return { begin, std::max(begin, tick_at(store.scale(), span.end)) };
}

// The edges of the cells in ticks. Cells that are narrower than a tick share one.
void TimelineModel::divide(const EventStore& store)
{
    const auto& view = m_lane.view;
    m_edges.assign(1, tick_at(store.scale(), view.begin));
    m_stretch_of.resize(static_cast<std::size_t>(view.width));
    for (std::size_t cell = 0; cell < m_stretch_of.size(); ++cell) {
        auto end = tick_at(store.scale(), view.time_at(static_cast<double>(cell + 1)));
        m_stretch_of[cell] = m_edges.size() - 1;
        if (end > m_edges.back())
            m_edges.push_back(end);
    }
    if (m_stretch_of.back() == m_edges.size() - 1)
        m_edges.push_back(m_edges.back() == UINT64_MAX ? UINT64_MAX : m_edges.back() + 1);
}

void TimelineModel::make_cells()
{
    m_lane.cells.assign(m_stretch_of.size(), {});
    for (std::size_t i = 0; i < m_stretch_of.size(); ++i) {
        auto stretch = m_stretch_of[i];
        auto& cell = m_lane.cells[i];
        const auto& summary = m_summaries[stretch];
        auto length = std::max<uint64_t>(m_edges[stretch + 1] - m_edges[stretch], 1);
        set_rings(cell, summary, length);
        cell.in_monitor = share_of(summary.in_monitor, length);
        cell.halted = share_of(summary.halted, length);
        if (i == 0 || stretch != m_stretch_of[i - 1]) // an event counts once
            set_events(cell, summary);
        else
            cell.events = { summary.events.end, summary.events.end };
    }
}

const TimelineLane& TimelineModel::cells(const EventStore& store, const TimelineView& view)
{
    bool same_scale = m_scale.origin == store.scale().origin && m_scale.ticks_per_second == store.scale().ticks_per_second;
    if (m_store == store.identity() && m_events == store.size() && same_scale && m_lane.view == view)
        return m_lane;
    m_store = store.identity();
    m_events = store.size();
    m_scale = store.scale();
    m_lane.view = view;
    m_lane.view.width = std::max(view.width, 1);
    divide(store);
    store.summaries(m_edges, m_summaries);
    make_cells();
    mark_events(store, { m_edges.front(), m_edges.back() }, m_lane);
    return m_lane;
}

TimelineHit TimelineModel::hit(const EventStore& store, const TimelineLane& lane, double x, double reach)
{
    TimelineHit hit;
    hit.cell = static_cast<std::size_t>(std::clamp(x, 0.0, static_cast<double>(std::max<std::size_t>(lane.cells.size(), 1) - 1)));
    hit.time = lane.view.time_at(x);
    double nearest = reach;
    for (const auto& mark : lane.marks) {
        double distance = std::max({ mark.x - x, x - mark.end_x, 0.0 });
        if (distance < nearest || (distance == nearest && !hit.event)) {
            nearest = distance;
            hit.event = mark.index;
        }
    }
    if (!hit.event)
        hit.event = store.exit_at(tick_at(store.scale(), hit.time));
    return hit;
}

}
