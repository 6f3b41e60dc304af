// Guest time. Everything that a guest can measure (PIT, RTC, local APIC timer, time-stamp counter) derives from one
// clock, in nanoseconds since the machine was started.
//
//   HostClock     real time, less the time spent paused
//   VirtualClock  advances only when told to: by executed blocks, and by jumps to the next timer when the guest halts;
//                 the same guest then sees the same times in every run
#pragma once

#include <cstdint>

namespace ringside {

using Nanoseconds = uint64_t;

inline constexpr Nanoseconds never = UINT64_MAX;

enum class ClockKind : uint8_t { Host, Virtual };

class Clock {
public:
    virtual ~Clock() = default;
    virtual ClockKind kind() const = 0;
    virtual Nanoseconds now() const = 0;
};

class HostClock final : public Clock {
public:
    HostClock();
    ClockKind kind() const override { return ClockKind::Host; }
    Nanoseconds now() const override;
    void pause();  // idempotent
    void resume(); // idempotent

private:
    Nanoseconds m_origin = 0;    // host time at which guest time was 0, moved by pauses
    Nanoseconds m_paused_at = 0; // guest time while paused
    bool m_paused = false;
};

class VirtualClock final : public Clock {
public:
    ClockKind kind() const override { return ClockKind::Virtual; }
    Nanoseconds now() const override { return m_now; }
    void advance_to(Nanoseconds time)
    {
        if (time > m_now)
            m_now = time;
    }

private:
    Nanoseconds m_now = 0;
};

}
