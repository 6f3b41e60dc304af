// Alarm: calls back from a thread of its own when a moment of host time is reached. It is how a timer of the guest
// interrupts a guest that is running.
#pragma once

#include "core/machine/clock.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace ringside {

class Alarm {
public:
    // `ring` is called on the alarm's thread, once for each set() whose moment is reached.
    Alarm(const HostClock& clock, std::function<void()> ring);
    ~Alarm();
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;

    // Replaces the earlier moment; `never` switches the alarm off. From any thread.
    void set(Nanoseconds deadline);

private:
    void loop();

    const HostClock& m_clock;
    std::function<void()> m_ring;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    Nanoseconds m_deadline = never;
    bool m_quit = false;
    std::thread m_thread;
};

}
