#include "strategies/hardware/kick_signal.hpp"

#include "core/verify.hpp"

#include <pthread.h>

namespace ringside {

namespace {

void ignore(int) { }

}

int KickSignal::number()
{
    return SIGUSR1;
}

// Without SA_RESTART: the system call is to end.
void KickSignal::install()
{
    if (m_installed)
        return;
    struct sigaction action {};
    action.sa_handler = ignore;
    VERIFY(sigaction(number(), &action, &m_before) == 0);
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, number());
    pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
    m_installed = true;
}

// A kick may still be on its way: its signal is harmless.
void KickSignal::remove()
{
    if (!m_installed)
        return;
    m_installed = false;
    if (m_before.sa_handler == SIG_DFL)
        m_before.sa_handler = SIG_IGN;
    VERIFY(sigaction(number(), &m_before, nullptr) == 0);
}

}
