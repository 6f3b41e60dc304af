// A signal to the vCPU's own thread, now and then while it computes: a guest that runs for long without an exit is looked
// at, so that what is decided at exits (ring_separation.hpp) does not wait for one.
#pragma once

#include <ctime>

namespace ringside {

class Nudge {
public:
    Nudge() = default;
    ~Nudge();
    Nudge(const Nudge&) = delete;
    Nudge& operator=(const Nudge&) = delete;

    // To the calling thread, each time that it has used some milliseconds of CPU.
    void start(int signal);

private:
    timer_t m_timer {};
    bool m_started = false;
};

}
