// The signal that makes KVM_RUN return. Its handler does nothing: that it came is all. It must not find the guest about to
// be entered, though, so whoever sends it first asks for an immediate exit (api.rst, "immediate_exit").
#pragma once

#include <csignal>

namespace ringside {

class KickSignal {
public:
    KickSignal() = default;
    ~KickSignal() { remove(); }
    KickSignal(const KickSignal&) = delete;
    KickSignal& operator=(const KickSignal&) = delete;

    void install();
    // Gives the signal back to whom it was before.
    void remove();

    static int number();

private:
    bool m_installed = false;
    struct sigaction m_before {};
};

}
