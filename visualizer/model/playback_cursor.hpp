// Slow motion: a moment that moves over recorded time, at a pace that people can follow, whatever the guest does meanwhile.
#pragma once

#include <cstdint>

namespace ringside::visualizer {

class PlaybackCursor {
public:
    static constexpr double slowest = 60; // seconds for a millisecond of the guest's
    static constexpr double fastest = 0.001; // as it happened

    // Times are in nanoseconds since the origin of the trace.
    double at() const { return m_at; }
    bool playing() const { return m_playing; }
    double seconds_per_millisecond() const { return m_pace; }

    void set_pace(double seconds_per_millisecond);
    void seek(double time) { m_at = time; }
    // From where it is, or from the beginning if it is at the end.
    void play(double begin, double end);
    void hold() { m_playing = false; }
    // `passed` seconds of the viewer's are over. At `end` it holds.
    void advance(double passed, double end);

private:
    double m_at = 0;
    double m_pace = 10;
    bool m_playing = false;
};

}
