// Timers of devices, in guest time. One queue per machine, used only by the thread that runs the vCPU.
//
// A device adds its timer once and arms it as often as it likes; arming replaces the earlier deadline. The run loop
// calls run_due() between exits and when the alarm wakes it; callbacks may arm any timer, their own included.
#pragma once

#include "core/machine/clock.hpp"

#include <cstddef>
#include <functional>
#include <vector>

namespace ringside {

using TimerId = std::size_t;

class TimerQueue {
public:
    // `changed` is called when the earliest deadline moves (to set the host's alarm anew).
    explicit TimerQueue(std::function<void(Nanoseconds next)> changed = {});

    TimerId add(std::function<void()> callback);
    void arm(TimerId timer, Nanoseconds deadline);
    void cancel(TimerId timer);
    bool is_armed(TimerId timer) const;
    Nanoseconds deadline(TimerId timer) const; // `never` when not armed

    Nanoseconds next_deadline() const; // `never` when nothing is armed
    // Runs every timer whose deadline is at or before `now`, earliest first; ties in the order of add().
    void run_due(Nanoseconds now);

private:
    struct Timer {
        std::function<void()> callback;
        Nanoseconds deadline = never;
    };
    void update_next();

    std::vector<Timer> m_timers;
    Nanoseconds m_next = never;
    std::function<void(Nanoseconds)> m_changed;
};

}
