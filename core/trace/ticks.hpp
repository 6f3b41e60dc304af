// Ticks of a trace, as nanoseconds.
#pragma once

#include <cstdint>

namespace ringside {

struct TickScale {
    uint64_t ticks_per_second = 1'000'000'000;
    uint64_t origin = 0; // the tick that is shown as time 0

    // A length of time. Saturates; a scale of 0 (a damaged file) counts as nanoseconds.
    uint64_t nanoseconds(uint64_t ticks) const
    {
        if (ticks_per_second == 0 || ticks_per_second == nanoseconds_per_second)
            return ticks;
        auto exact = static_cast<Wide>(ticks) * nanoseconds_per_second / ticks_per_second;
        return exact > INT64_MAX ? static_cast<uint64_t>(INT64_MAX) : static_cast<uint64_t>(exact);
    }

    // A moment, counted from the origin; negative before it.
    int64_t since_origin(uint64_t tick) const
    {
        return tick >= origin ? limited(nanoseconds(tick - origin)) : -limited(nanoseconds(origin - tick));
    }

private:
    __extension__ using Wide = unsigned __int128;
    static constexpr uint64_t nanoseconds_per_second = 1'000'000'000;
    static int64_t limited(uint64_t value) { return value > INT64_MAX ? INT64_MAX : static_cast<int64_t>(value); }
};

}
