// The other side of a comparison: Unicorn, one instruction at a time.
#pragma once

#include "core/machine/guest_memory.hpp"
#include "strategies/emulation/unicorn_state.hpp"
#include "tests/differential/comparison.hpp"

#include <memory>

namespace ringside::test {

class UnicornSide {
public:
    UnicornSide();

    GuestMemory& memory() { return m_memory; }

    // The case's code and patches are in memory already, and no other code has been at its address since forget_code().
    Observed run(const Case& tested);
    void forget_code() { uc_ctl_flush_tb(m_engine.get()); }
    void forget_pages() { uc_ctl_flush_tlb(m_engine.get()); }

private:
    UnicornEngine m_engine;
    std::unique_ptr<UnicornState> m_state;
    GuestMemory m_memory;
    int m_vector = -1;
};

}
