// The functions that execute instructions, as handlers.inc lists them. Internal to the instruction emulator.
//
// Each executes the instruction up to, but not including, the move of EIP, or returns the fault that it raises. It is
// only called for its mnemonics, which Zydis has decoded for the state's mode.
#pragma once

#include "core/x86/instructions/execution.hpp"

namespace ringside {

using InstructionHandler = MaybeFault (*)(Execution&);

#define RINGSIDE_HANDLER(mnemonic, function) [[nodiscard]] MaybeFault function(Execution& execution);
#include "core/x86/instructions/handlers.inc"
#undef RINGSIDE_HANDLER

// Forms of MOV, PUSH, POP, JMP, CALL and RET that have files of their own.
[[nodiscard]] MaybeFault execute_mov_control(Execution& execution);
[[nodiscard]] MaybeFault execute_mov_debug(Execution& execution);
[[nodiscard]] MaybeFault execute_mov_segment(Execution& execution);
[[nodiscard]] MaybeFault execute_push_segment(Execution& execution);
[[nodiscard]] MaybeFault execute_pop_segment(Execution& execution);
[[nodiscard]] MaybeFault execute_jmp_far(Execution& execution);
[[nodiscard]] MaybeFault execute_call_far(Execution& execution);
[[nodiscard]] MaybeFault execute_ret_far(Execution& execution);

// For an SSE instruction that shares its name with one of ours.
[[nodiscard]] inline MaybeFault not_known(Execution& execution)
{
    execution.result.outcome = Emulated::Outcome::Unsupported;
    return {};
}

}
