#include "core/trace/ring_spans.hpp"

#include <algorithm>

namespace ringside {

// The ring that the event brings the guest into, or nothing when it says nothing about that.
std::optional<uint8_t> RingSpans::ring_after(const EventRecord& event) const
{
    if (event.kind == EventKind::StrategySwitch)
        return m_which == Which::Virtual ? event.virtual_ring : static_cast<uint8_t>(event.real_ring);
    if (m_which == Which::Virtual)
        return event.kind == EventKind::RingChange ? std::optional(static_cast<uint8_t>(event.b & 3)) : std::nullopt;
    if (event.kind == EventKind::RealRingChange)
        return static_cast<uint8_t>(event.b & 0xFF);
    return event.kind == EventKind::RingChange ? std::optional(static_cast<uint8_t>(event.real_ring)) : std::nullopt;
}

std::optional<RingSpan> RingSpans::feed(const EventRecord& event)
{
    auto ring = ring_after(event);
    if (!m_current) {
        auto first
            = ring.value_or(m_which == Which::Virtual ? event.virtual_ring : static_cast<uint8_t>(event.real_ring));
        m_current = RingSpan { first, event.time, event.time, event };
        if (!ring)
            m_current->change.kind = EventKind::Count_;
        return std::nullopt;
    }
    // An exit is recorded when it ends, after events that began later.
    m_current->end = std::max(m_current->end, event.time + event.duration);
    if (!ring || (*ring == m_current->ring && event.kind != EventKind::StrategySwitch))
        return std::nullopt;
    auto ended = *m_current;
    ended.end = std::max(event.time, ended.begin);
    m_current = RingSpan { *ring, ended.end, ended.end, event };
    return ended;
}

std::optional<RingSpan> RingSpans::finish()
{
    auto last = m_current;
    m_current.reset();
    return last;
}

}
