// Slow motion: the events of a moment, one after the other, at a pace that people can follow while the guest goes on at its
// own. When it has shown a moment it takes the newest one.
#pragma once

#include "core/trace/event.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace ringside::visualizer {

// Where the guest is at one event, as the diagrams show it.
struct RingPosition {
    unsigned virtual_ring = 0;
    RealRing real_ring = RealRing::Interpreted;
    bool in_monitor = false;
    bool operator==(const RingPosition&) const = default;
};

class RingPlayback {
public:
    // Events of a moment; a longer one is not kept.
    static constexpr std::size_t longest_moment = 500;
    static constexpr double slowest = 4.0, fastest = 0.05; // seconds an event

    // `newest`: what has been recorded last, in the order of the trace.
    void advance(double seconds, std::span<const EventRecord> newest);
    // To the next event at once, or to the one before.
    void step(int direction, std::span<const EventRecord> newest);
    // Holds at this event of a moment.
    void look_at(std::span<const EventRecord> moment, const EventRecord& event);

    void set_pace(double seconds_per_event);
    double pace() const { return m_pace; }
    void set_held(bool held) { m_held = held; }
    bool held() const { return m_held; }

    // In the order in which the events began.
    std::span<const EventRecord> moment() const { return m_moment; }
    bool empty() const { return m_moment.empty(); }
    std::size_t index() const { return m_index; } // of the event that is shown
    const EventRecord& event() const { return m_moment[m_index]; }
    RingPosition before() const { return m_before; }
    RingPosition position() const { return m_position; }
    unsigned moments() const { return m_moments; } // that have been taken so far
    double progress() const { return m_progress; } // of the way from before() to position(); 0..1

private:
    void take(std::span<const EventRecord> newest);
    void show(std::size_t index);

    std::vector<EventRecord> m_moment;
    std::size_t m_index = 0;
    unsigned m_moments = 0;
    RingPosition m_before;
    RingPosition m_position;
    double m_progress = 1;
    double m_pace = 0.8;
    bool m_held = false;
};

}
