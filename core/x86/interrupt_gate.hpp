// Entering a handler through an interrupt or trap gate (SDM 3A §6.12.1).
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/x86/descriptors.hpp"
#include "core/x86/fault.hpp"
#include "core/x86/gate_request.hpp"

namespace ringside {

// `gate` is a present interrupt or trap gate that the event may use. On a fault `state` is unchanged.
[[nodiscard]] MaybeFault enter_interrupt_gate(
    CpuState& state, GuestMemory& memory, Descriptor gate, const GateRequest& request);

}
