// x87, MMX and SSE instructions executed in software, and the few integer ones that came with SSE4: like
// emulate_instruction(), with the checks that a processor makes first. What the instruction computes is left to somebody
// who can, who is given copies: of the unit's registers, of the operand in memory, of general registers.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/engine.hpp"
#include "core/x86/decode.hpp"
#include "core/x86/instruction_emulator.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace ringside {

// What an instruction works on. All of it may be changed.
struct FloatingOperands {
    // As FXSAVE stores them, at a multiple of 16. No x87 exception is pending, unless the instruction does not mind; all
    // of SSE's exceptions are masked and their flags clear.
    std::byte* registers = nullptr;
    // In place of what ModRM.rm names, if that is memory or a general register, or of what MASKMOVQ writes. At a multiple
    // of 16. To be written as far as the instruction would write memory.
    std::span<std::byte> memory;
    uint32_t reg = 0;                   // the general register that ModRM.reg names
    uint32_t eax = 0, ecx = 0, edx = 0; // for instructions that imply them
    uint32_t flags = 0;                 // the arithmetic ones of EFLAGS
};

class FloatingUnit {
public:
    virtual ~FloatingUnit() = default;
    // False if this unit has no such instruction.
    virtual bool has(const Instruction& instruction) const = 0;
    // Executes an instruction that it has.
    virtual void execute(const Instruction& instruction, FloatingOperands& operands) = 0;
};

// `image` are the guest's registers, as FXSAVE stores them, at a multiple of 16; only the bytes that are used in 32-bit
// mode change.
//
// An unmasked SSE exception is raised with the flags that the processor sets, and without other effects. Unsupported are:
// - what is not of x87, MMX, SSE to SSE4.2, POPCNT and MOVBE (its operand's faults are found all the same);
// - an unmasked overflow or underflow of an SSE instruction, as it comes: it is not known here whether the result would
//   have been exact; and any unmasked exception of DPPS and DPPD, which round more than once;
// - an x87 exception that is to be raised with CR0.NE clear: the machine has no FERR# (SDM 1 §D.2).
Emulated emulate_floating(
    Engine& engine, CpuState& state, const Instruction& instruction, std::byte* image, FloatingUnit& unit);

}
