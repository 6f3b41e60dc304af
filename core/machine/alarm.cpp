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
        Nanoseconds now = m_deadline == never ? 0 : m_clock.now();
        if (now < m_deadline) {
            wait_until(lock, m_deadline);
            continue;
        }
        m_deadline = never;
        lock.unlock();
        m_ring();
        lock.lock();
        if (m_deadline == never && !m_quit)
            expect_next(lock, now);
    }
}

// Who has been rung for sets the next moment soon, and need not wake this thread for it, which would cost a timer interrupt
// of the guest some microseconds. The wait is shorter than what set() believes, by more than the ringing takes.
void Alarm::expect_next(std::unique_lock<std::mutex>& lock, Nanoseconds rang_at)
{
    constexpr Nanoseconds soon = 500'000;
    constexpr std::chrono::microseconds wait { 400 };
    m_awaited = rang_at + soon;
    m_changed.wait_for(lock, wait);
    m_awaited = 0;
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
