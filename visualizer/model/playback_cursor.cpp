#include "visualizer/model/playback_cursor.hpp"

#include <algorithm>

namespace ringside::visualizer {

namespace {

constexpr double nanoseconds_in_a_millisecond = 1e6;

}

void PlaybackCursor::set_pace(double seconds_per_millisecond)
{
    m_pace = std::clamp(seconds_per_millisecond, fastest, slowest);
}

void PlaybackCursor::play(double begin, double end)
{
    if (m_at >= end || m_at < begin)
        m_at = begin;
    m_playing = m_at < end;
}

void PlaybackCursor::advance(double passed, double end)
{
    if (!m_playing || passed <= 0)
        return;
    m_at += passed / m_pace * nanoseconds_in_a_millisecond;
    if (m_at < end)
        return;
    m_at = end;
    m_playing = false;
}

}
