// Interrupts and exceptions in real-address mode, through the interrupt vector table (SDM 3B §20.1.4).
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/x86/fault.hpp"
#include "core/x86/gate_request.hpp"

namespace ringside {

// No privilege, no error codes: FLAGS, CS and IP are pushed as words. On a fault `state` is unchanged.
[[nodiscard]] MaybeFault enter_real_mode_handler(CpuState& state, GuestMemory& memory, const GateRequest& request);

}
