#include "core/machine/timer_queue.hpp"

#include "core/verify.hpp"

namespace ringside {

TimerQueue::TimerQueue(std::function<void(Nanoseconds)> changed)
    : m_changed(std::move(changed))
{
}

TimerId TimerQueue::add(std::function<void()> callback)
{
    m_timers.push_back({ std::move(callback), never });
    return m_timers.size() - 1;
}

void TimerQueue::arm(TimerId timer, Nanoseconds deadline)
{
    VERIFY(timer < m_timers.size());
    m_timers[timer].deadline = deadline;
    update_next();
}

void TimerQueue::cancel(TimerId timer)
{
    arm(timer, never);
}

bool TimerQueue::is_armed(TimerId timer) const
{
    return deadline(timer) != never;
}

Nanoseconds TimerQueue::deadline(TimerId timer) const
{
    VERIFY(timer < m_timers.size());
    return m_timers[timer].deadline;
}

Nanoseconds TimerQueue::next_deadline() const
{
    return m_next;
}

// Machines have a handful of timers, so a scan is the simplest queue and fast enough.
void TimerQueue::run_due(Nanoseconds now)
{
    while (m_next <= now) {
        Timer* earliest = nullptr;
        for (auto& timer : m_timers) {
            if (timer.deadline <= now && (!earliest || timer.deadline < earliest->deadline))
                earliest = &timer;
        }
        VERIFY(earliest);
        earliest->deadline = never;
        earliest->callback();
        update_next();
    }
}

void TimerQueue::update_next()
{
    Nanoseconds next = never;
    for (const auto& timer : m_timers)
        next = timer.deadline < next ? timer.deadline : next;
    if (next == m_next)
        return;
    m_next = next;
    if (m_changed)
        m_changed(next);
}

}
