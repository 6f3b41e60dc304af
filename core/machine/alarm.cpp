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
        if (deadline >= m_awaited)
            return;
    }
    m_changed.notify_one();
}

// Reads the clock from this thread: HostClock::now() is safe while it is not being paused or resumed, and the machine
// sets the alarm to `never` before it does either.
void Alarm::loop()
{
    std::unique_lock lock(m_mutex);
    while (!m_quit) {
        if (m_deadline == never || m_clock.now() < m_deadline) {
            wait_until(lock, m_deadline);
            continue;
        }
        m_deadline = never;
        lock.unlock();
        m_ring();
        lock.lock();
    }
}

// A clock that was stopped meanwhile makes this too early, never too late.
void Alarm::wait_until(std::unique_lock<std::mutex>& lock, Nanoseconds moment)
{
    // A moment further away than this is approached in steps, which keeps the arithmetic of wait_for in range.
    constexpr Nanoseconds longest_wait = 3'600'000'000'000;
    m_awaited = moment;
    if (moment == never) {
        m_changed.wait(lock);
    } else {
        Nanoseconds now = m_clock.now();
        m_changed.wait_for(lock, std::chrono::nanoseconds(now < moment ? std::min(moment - now, longest_wait) : 0));
    }
    m_awaited = 0;
}

}
