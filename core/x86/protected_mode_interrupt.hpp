// Interrupts and exceptions in protected and virtual-8086 mode: the IDT, its gates and the right to use them
// (SDM 3A §6.10 to §6.12).
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/x86/fault.hpp"
#include "core/x86/gate_request.hpp"

namespace ringside {

// `debug_trap` becomes true if a task gate led to a task whose TSS asks for a debug trap.
// On a fault `state` is unchanged, or a task gate has already switched and `state` is the new task's.
[[nodiscard]] MaybeFault enter_protected_mode_handler(
    CpuState& state, GuestMemory& memory, const GateRequest& request, bool& debug_trap);

}
