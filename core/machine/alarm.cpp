#include "core/machine/alarm.hpp"

#include <algorithm>
#include <chrono>

namespace ringside {

Alarm::Alarm(const HostClock& clock, std::function<void()> ring)
    : m_clock(clock)
    , m_ring(std::move(ring))
    , m_thread([this] { loop(); })
{
}

Alarm::~Alarm()
{
    {
        std::lock_guard lock(m_mutex);
        m_quit = true;
    }
    m_changed.notify_one();
    m_thread.join();
}

void Alarm::set(Nanoseconds deadline)
{
    {
        std::lock_guard lock(m_mutex);
        m_deadline = deadline;
    }
    m_changed.notify_one();
}

// Reads the clock from this thread: HostClock::now() is safe while it is not being paused or resumed, and the machine
// sets the alarm to `never` before it does either.
void Alarm::loop()
{
    // A moment further away than this is approached in steps, which keeps the arithmetic of wait_for in range.
    constexpr Nanoseconds longest_wait = 3'600'000'000'000;
    std::unique_lock lock(m_mutex);
    while (!m_quit) {
        if (m_deadline == never) {
            m_changed.wait(lock);
            continue;
        }
        Nanoseconds now = m_clock.now();
        if (now < m_deadline) {
            m_changed.wait_for(lock, std::chrono::nanoseconds(std::min(m_deadline - now, longest_wait)));
            continue;
        }
        m_deadline = never;
        lock.unlock();
        m_ring();
        lock.lock();
    }
}

}
