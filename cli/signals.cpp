#include "cli/signals.hpp"

#include <cstdlib>
#include <sys/signalfd.h>

namespace ringside {

RunSignals::RunSignals()
{
    sigemptyset(&m_signals);
    for (int signal : { SIGINT, SIGTERM, SIGHUP, SIGTSTP })
        sigaddset(&m_signals, signal);
    sigprocmask(SIG_BLOCK, &m_signals, &m_before);
    m_descriptor = Descriptor { signalfd(-1, &m_signals, SFD_CLOEXEC | SFD_NONBLOCK) };
}

RunSignals::~RunSignals()
{
    sigprocmask(SIG_SETMASK, &m_before, nullptr);
}

int RunSignals::take()
{
    signalfd_siginfo information {};
    if (read(m_descriptor.get(), &information, sizeof information) != sizeof information)
        return 0;
    return static_cast<int>(information.ssi_signo);
}

void RunSignals::stop_process()
{
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    raise(SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &stop, nullptr); // here the process stops, and here it goes on
    sigprocmask(SIG_BLOCK, &stop, nullptr);
}

void die_of(int signal)
{
    std::signal(signal, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
    raise(signal);
    std::_Exit(128 + signal);
}

}
