#include "strategies/native/nudge.hpp"

#include <csignal>
#include <sys/syscall.h>
#include <unistd.h>

namespace ringside {

Nudge::~Nudge()
{
    if (m_started)
        timer_delete(m_timer);
}

// Without the timer nothing is wrong, only slower: a host that has no more timers is no reason to refuse a guest.
void Nudge::start(int signal)
{
    constexpr long period = 3'000'000; // nanoseconds; the host looks when its own clock ticks
    sigevent event {};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = signal;
    event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
    m_started = timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &m_timer) == 0;
    if (!m_started)
        return;
    itimerspec times {};
    times.it_interval.tv_nsec = times.it_value.tv_nsec = period;
    timer_settime(m_timer, 0, &times, nullptr);
}

}
