// Our side of a comparison: the instruction emulator in a machine of its own.
#pragma once

#include "tests/differential/comparison.hpp"
#include "tests/unit/x86/emulated_guest.hpp"

namespace ringside::test {

class EmulatorSide {
public:
    GuestMemory& memory() { return m_guest.memory; }

    // The case's code and patches are in memory already.
    Observed run(const Case& tested);

private:
    EmulatedGuest m_guest;
};

// Writes code and patches to `memory`. The instruction is followed by INT3, so that nothing else runs.
void place(GuestMemory& memory, const Case& tested);

}
