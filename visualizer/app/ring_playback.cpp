#include "visualizer/app/ring_playback.hpp"

#include <algorithm>

namespace ringside::visualizer {

namespace {

RingPosition position_at(const EventRecord& event)
{
    bool in_monitor = describe(event.kind).category == EventCategory::Exit;
    return { event.virtual_ring, event.real_ring, in_monitor };
}

}

void RingPlayback::look_at(std::span<const EventRecord> moment, const EventRecord& event)
{
    take(moment);
    auto found = std::ranges::find(m_moment, event);
    if (found == m_moment.end())
        return;
    show(static_cast<std::size_t>(found - m_moment.begin()));
    m_held = true;
}

void RingPlayback::set_pace(double seconds_per_event)
{
    m_pace = std::clamp(seconds_per_event, fastest, slowest);
}

// An exit's record comes after those of what the monitor did during it; people see causes first.
void RingPlayback::take(std::span<const EventRecord> newest)
{
    auto last = newest.last(std::min(newest.size(), longest_moment));
    m_moment.assign(last.begin(), last.end());
    std::ranges::stable_sort(m_moment, {}, &EventRecord::time);
    ++m_moments;
    if (!m_moment.empty())
        show(0);
}

void RingPlayback::show(std::size_t index)
{
    m_index = index;
    m_before = m_position;
    m_position = position_at(m_moment[index]);
    m_progress = 0;
}

void RingPlayback::advance(double seconds, std::span<const EventRecord> newest)
{
    if (m_moment.empty())
        return newest.empty() ? void() : take(newest);
    // A frame that took long must not skip what it should have shown. What is held is shown to its end.
    m_progress = std::min(1.0, m_progress + seconds / m_pace);
    if (m_progress == 1 && !m_held)
        step(1, newest);
}

void RingPlayback::step(int direction, std::span<const EventRecord> newest)
{
    if (newest.empty() && m_moment.empty())
        return;
    if (m_moment.empty())
        return take(newest);
    if (direction < 0)
        show(m_index == 0 ? 0 : m_index - 1);
    else if (m_index + 1 < m_moment.size())
        show(m_index + 1);
    else if (!newest.empty())
        take(newest);
}

}
