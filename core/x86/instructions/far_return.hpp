// What RET far and IRET share: going back to a code segment of the same or an outer ring (SDM 3A §5.8.6). Internal to
// the instruction emulator.
#pragma once

#include "core/x86/instructions/execution.hpp"

namespace ringside {

struct FarReturn {
    uint32_t eip = 0;
    uint16_t cs = 0;
    uint32_t stack_depth = 0; // from the top of the stack to the outer ring's ESP and SS: what a return in the ring releases
    uint32_t parameters = 0;  // bytes that the outer ring's stack releases too
};

// In protected mode, with all checks. Sets CS, next_eip, ESP and for an outer ring SS, and takes away data segments that
// the outer ring may not use. On a fault nothing has changed.
[[nodiscard]] MaybeFault return_far(Execution& execution, const FarReturn& frame);

// In real-address and virtual-8086 mode: sets CS and next_eip. #GP if EIP is outside the limit.
[[nodiscard]] MaybeFault load_real_mode_code(Execution& execution, uint16_t cs, uint32_t eip);

}
