// A fixed frequency: between guest time in nanoseconds and the ticks of an oscillator that started with the machine.
// Whole numbers only, so that a device that is asked a million times never drifts.
#pragma once

#include "core/machine/clock.hpp"

#include <cstdint>

namespace ringside {

struct Frequency {
    uint64_t hertz = 1;

    static constexpr uint64_t second = 1'000'000'000;

    // Ticks completed at `time`. Seconds and the rest apart, so that the product cannot overflow.
    constexpr uint64_t ticks_at(Nanoseconds time) const
    {
        return time / second * hertz + time % second * hertz / second;
    }
    // The earliest time at which ticks_at() is at least `ticks`.
    constexpr Nanoseconds time_of(uint64_t ticks) const
    {
        return ticks / hertz * second + (ticks % hertz * second + hertz - 1) / hertz;
    }
};

// Periodic timers of the guest are never armed closer to the present than this: a guest that asks for a period of
// nanoseconds gets a period of microseconds and not a monitor that does nothing else. Periods that come late skip
// the edges in between and stay on their ideal schedule.
inline constexpr Nanoseconds shortest_rearm = 10'000;

}
