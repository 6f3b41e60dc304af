// What stands between an x87, MMX or SSE instruction and its execution: control bits with which a kernel keeps it from
// being executed, and x87 exceptions that wait for the next instruction (SDM 3A §2.5, chapters 12 and 13).
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/x86/decode.hpp"
#include "core/x86/fault.hpp"

#include <cstdint>

namespace ringside {

enum class FloatingKind : uint8_t {
    None,      // no instruction of the floating-point unit's
    Wait,      // FWAIT
    X87,
    StateSave, // FXSAVE, FXRSTOR
    Mmx,
    Sse,
    Integer,   // came with SSE4, or MOVBE; works on general registers
};

FloatingKind floating_kind(const Instruction& instruction);

constexpr bool depends_on_control(FloatingKind kind) { return kind != FloatingKind::None && kind != FloatingKind::Integer; }

// #NM or #UD if CR0.EM, MP and TS and CR4.OSFXSR ask for it: before anything else of the instruction is looked at.
[[nodiscard]] MaybeFault check_floating_control(uint32_t cr0, uint32_t cr4, FloatingKind kind);

// True if an unmasked x87 exception is raised before this instruction, rather than left pending (SDM 1 §8.7, §9.5.1).
bool waits_for_exceptions(const Instruction& instruction, FloatingKind kind);

// The x87 instructions that work on the unit itself: they leave the pointers to the last instruction alone, and cannot
// raise an exception (SDM 1 §8.1.8, §8.3.11).
bool is_floating_control(const Instruction& instruction);

}
