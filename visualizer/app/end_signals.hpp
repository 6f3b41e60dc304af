// Ctrl-C in the terminal that a window was started from, and what ends programs when a session ends: noticed between two
// frames, so that the window closes in order and what it remembers is written.
#pragma once

#include <csignal>

namespace ringside::visualizer {

class EndSignals {
public:
    // From here on SIGINT, SIGTERM and SIGHUP wait to be taken, in threads that are started later too. Those that were
    // ignored stay ignored.
    EndSignals();
    ~EndSignals(); // from here on they act as before
    EndSignals(const EndSignals&) = delete;
    EndSignals& operator=(const EndSignals&) = delete;

    int take(); // the number of one that has come, or 0

private:
    sigset_t m_signals {};
    sigset_t m_before {};
};

}
