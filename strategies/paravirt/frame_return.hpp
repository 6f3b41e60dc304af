// The ways back from a handler: PV_IRET, and the return half of the system-call gate when it needs the monitor.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/x86/fault.hpp"

#include <cstdint>

namespace ringside::paravirt {

// Takes the frame at ESP of virtual ring 0 and goes on as it says. On a fault, which belongs to the instruction at
// state.eip, `state` is unchanged. Ring 3 always gets the virtual interrupt flag on.
[[nodiscard]] MaybeFault return_from_frame(CpuState& state, GuestMemory& memory, uint32_t boundary);

// PV_RETURN_TO_RING_3: to the program at EDX, with the stack at ECX.
void return_to_program(CpuState& state, uint32_t boundary);

}
