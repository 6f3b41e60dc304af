// What must not be loaded into a system register: checks that a strategy makes before the instruction is executed
// elsewhere, because whoever executes it does not.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/x86/decode.hpp"
#include "core/x86/fault.hpp"

namespace ringside {

// True for the instructions that check_system_register() knows: MOV to CR0 and CR4, and LTR.
bool loads_checked_register(const Instruction& instruction);

// #GP(0) for a value that the processor refuses: CR0 with PG but not PE, or NW but not CD; reserved bits of CR4; a null
// selector for TR (SDM 3A §2.5, SDM 2B "MOV to/from Control Registers", SDM 2A "LTR"). Privilege is not looked at.
MaybeFault check_system_register(const CpuState& state, const Instruction& instruction);

}
