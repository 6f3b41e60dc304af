// x87, MMX and SSE instructions whose memory operand is where the host's CPU must not reach: a device, or memory that a
// strategy watches. Memory is handled here, as for any other instruction; what the instruction computes is left to
// somebody who can, who is given a copy of the operand.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/engine.hpp"
#include "core/x86/decode.hpp"
#include "core/x86/instruction_emulator.hpp"

#include <cstddef>
#include <span>

namespace ringside {

class FloatingUnit {
public:
    virtual ~FloatingUnit() = default;
    // False if the instruction could raise an exception in execute().
    virtual bool accepts(const Instruction& instruction) const = 0;
    // Executes an accepted instruction with `operand` in the place of its memory operand, to be read or written. Only the
    // arithmetic flags of `state` change here, and the registers that are the unit's own.
    virtual void execute(const Instruction& instruction, std::span<std::byte> operand, CpuState& state) = 0;
};

// Like emulate_instruction(), for instructions with one memory operand of up to 16 bytes and no general register beside
// it: loads, stores and arithmetic. The others are Unsupported: environments (FLDENV, FXSAVE, LDMXCSR...), transfers from
// memory to general registers (CVTSD2SI, PCMPISTRI, CRC32), MASKMOVQ, and AVX. Faults of their operands are found all the
// same.
Emulated emulate_floating(Engine& engine, CpuState& state, const Instruction& instruction, FloatingUnit& unit);

}
