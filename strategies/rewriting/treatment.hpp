// What becomes of an instruction in the translation: decided in one place, told with the reason.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/x86/decode.hpp"

#include <cstdint>
#include <string_view>

namespace ringside::rewriting {

enum class Treatment : uint8_t {
    Identical,   // copied
    ControlFlow, // a near branch: goes to the target's translation
    Inline,      // replaced by code that works on the virtual state
    Callout,     // executed by the monitor (core/x86/instruction_emulator.hpp)
};
std::string_view treatment_name(Treatment treatment);

// Floating-point instructions depend on control registers that translated code cannot ask: a translation with such
// instructions is for one of these modes (SDM 3A §2.5).
struct FpuMode {
    bool x87_traps = false; // CR0.TS or EM
    bool sse_traps = false; // CR0.TS or EM, or CR4.OSFXSR clear
    bool operator==(const FpuMode&) const = default;
};
FpuMode fpu_mode_of(const CpuState& state);

struct Treated {
    Treatment treatment = Treatment::Identical;
    std::string_view reason; // for learners
    bool undefined = false;  // Callout: #UD, whatever the bytes mean to the host
    bool no_fpu = false;     // Callout: #NM, or #UD if CR0.EM is set
    bool uses_fpu = false;   // depends on FpuMode
};

// In ring 0, or in ring 3 with `ring_3`.
Treated treat(const Instruction& instruction, bool ring_3, FpuMode fpu);

}
