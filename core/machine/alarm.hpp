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

    // Replaces the earlier moment; `never` switches the alarm off. From any thread. Wakes the alarm's thread only for a
    // moment before the one that it waits for: a guest's timer is set far more often than it runs out.
    void set(Nanoseconds deadline);

private:
    void loop();
    void expect_next(std::unique_lock<std::mutex>& lock, Nanoseconds rang_at);
    void wait_until(std::unique_lock<std::mutex>& lock, Nanoseconds moment);

    const HostClock& m_clock;
    std::function<void()> m_ring;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    Nanoseconds m_deadline = never;
    Nanoseconds m_awaited = 0; // when the thread looks again at the latest; 0: it is not waiting
    bool m_quit = false;
    std::thread m_thread;
};

}
