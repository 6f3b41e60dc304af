// What becomes of an instruction in the translation: decided in one place, told with the reason.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/strategy_options.hpp"
#include "core/x86/decode.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ringside::rewriting {

enum class Treatment : uint8_t {
    Identical,   // copied
    ControlFlow, // a near branch: goes to the target's translation
    Inline,      // replaced by code that works on the virtual state
    Callout,     // executed by the monitor (core/x86/instruction_emulator.hpp)
    Trap,        // the same, which a fault asks for: RDTSC, to show what that costs
};
inline constexpr std::size_t treatment_count = 5;
std::string_view treatment_name(Treatment treatment);

// Floating-point instructions, and RDTSC in ring 3, depend on control registers that translated code cannot ask: a
// translation with such instructions is for one of these modes (SDM 3A §2.5). All are for one `time_stamp`.
struct ControlMode {
    bool em = false, ts = false, mp = false; // CR0
    bool osfxsr = false, tsd = false;        // CR4
    TimeStampReading time_stamp = TimeStampReading::Native;
    bool operator==(const ControlMode&) const = default;
};
ControlMode control_mode_of(const CpuState& state);

struct Treated {
    Treatment treatment = Treatment::Identical;
    std::string_view reason;      // for learners
    uint8_t fault = 0;            // Callout: not executed, the guest gets #UD or #NM
    bool depends_on_mode = false; // what becomes of it depends on ControlMode
    uint8_t name = 0;             // under which calls of the monitor are counted: instruction_name()
};

inline constexpr std::size_t instruction_names = 128;
// "CLI", "MOV CRn", or what else it is that needs the monitor; "" for what never calls it.
std::string_view instruction_name(uint8_t number);

// In ring 0, or in ring 3 with `ring_3`.
Treated treat(const Instruction& instruction, bool ring_3, ControlMode mode);
// The same for one that has reached a device, again and again.
Treated treat_device_access(const Instruction& instruction, const Treated& treated);

}
