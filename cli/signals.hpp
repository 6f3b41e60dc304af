// The signals that concern a run, as something to wait for beside the guest: Ctrl-C and the like stop it in order,
// instead of tearing the program away from a terminal in disarray and half-written files.
#pragma once

#include "core/session/descriptor.hpp"

#include <csignal>

namespace ringside {

class RunSignals {
public:
    // From here on SIGINT, SIGTERM, SIGHUP and SIGTSTP wait to be taken. Those that were ignored stay ignored.
    RunSignals();
    ~RunSignals();
    RunSignals(const RunSignals&) = delete;
    RunSignals& operator=(const RunSignals&) = delete;

    int descriptor() const { return m_descriptor.get(); } // readable when there is one
    int take();                                           // its number, or 0

    // Stops this process as Ctrl-Z does; returns when it goes on.
    void stop_process();

private:
    sigset_t m_signals {};
    sigset_t m_before {};
    Descriptor m_descriptor;
};

// Ends the program by this signal, so that whoever started it (a shell's loop) knows.
[[noreturn]] void die_of(int signal);

}
