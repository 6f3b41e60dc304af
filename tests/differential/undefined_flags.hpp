// The flags that the manual leaves undefined after an instruction, and the results that it leaves undefined: the one
// table of what the differential tests must not compare.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/x86/decode.hpp"

#include <cstdint>

namespace ringside::test {

// `before`: the state in which the instruction started.
uint32_t undefined_flags(const CpuState& before, const Instruction& instruction);

// True if the destination's value is undefined too.
bool has_undefined_result(const CpuState& before, const Instruction& instruction);

}
