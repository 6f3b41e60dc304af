// Which fault an instruction raises because of a selector that it loads: the error code of #GP, #NP, #SS and #TS.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/x86/decode.hpp"
#include "core/x86/fault.hpp"

namespace ringside {

// Empty if the instruction loads no selector, or would load it, or if its operand cannot be read.
MaybeFault selector_fault(GuestMemory& memory, const CpuState& state, const Instruction& instruction);

}
