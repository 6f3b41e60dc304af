#include "visualizer/app/end_signals.hpp"

#include <initializer_list>

namespace ringside::visualizer {

EndSignals::EndSignals()
{
    sigemptyset(&m_signals);
    for (int signal : { SIGINT, SIGTERM, SIGHUP }) {
        struct sigaction action {};
        if (sigaction(signal, nullptr, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&m_signals, signal);
    }
    sigprocmask(SIG_BLOCK, &m_signals, &m_before);
}

EndSignals::~EndSignals() { sigprocmask(SIG_SETMASK, &m_before, nullptr); }

int EndSignals::take()
{
    timespec at_once {};
    int signal = sigtimedwait(&m_signals, nullptr, &at_once);
    return signal > 0 ? signal : 0;
}

}
