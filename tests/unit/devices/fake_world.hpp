// What a device sees of the world, under the test's control.
#pragma once

#include "core/devices/device.hpp"
#include "core/machine/clock.hpp"
#include "core/machine/timer_queue.hpp"

#include <map>
#include <vector>

namespace ringside::test {

// An interrupt input that remembers each change of each line.
class RecordedInput final : public InterruptInput {
public:
    void set_line(unsigned line, bool level) override
    {
        if (levels[line] == level)
            return;
        levels[line] = level;
        if (level)
            ++rises[line];
    }
    bool level(unsigned line = 0) { return levels[line]; }
    unsigned rising_edges(unsigned line = 0) { return rises[line]; }

    std::map<unsigned, bool> levels;
    std::map<unsigned, unsigned> rises;
};

struct FakeWorld {
    VirtualClock clock;
    TimerQueue timers;
    RecordedInput interrupts;

    InterruptLine line(unsigned number = 0) { return { interrupts, number }; }

    // Time passes and every timer runs at its deadline.
    void pass(Nanoseconds duration)
    {
        const auto end = clock.now() + duration;
        while (timers.next_deadline() <= end) {
            clock.advance_to(timers.next_deadline());
            timers.run_due(clock.now());
        }
        clock.advance_to(end);
    }
    // Time passes while the host does something else; the timers run late, once.
    void oversleep(Nanoseconds duration)
    {
        clock.advance_to(clock.now() + duration);
        timers.run_due(clock.now());
    }
};

inline constexpr Nanoseconds microsecond = 1'000;
inline constexpr Nanoseconds millisecond = 1'000'000;
inline constexpr Nanoseconds second = 1'000'000'000;

}
