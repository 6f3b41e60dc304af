// Where the operands of a floating-point instruction are, beside the unit's own registers. Internal to the emulator.
#pragma once

#include "core/x86/instructions/execution.hpp"

namespace ringside {

struct FloatingPlaces {
    Place lent; // memory, or the general register that ModRM.rm names; no bytes: neither
    bool is_read = false, is_written = false;
    bool is_memory = false;
    SegmentRegister segment = Ds; // of memory
    uint32_t offset = 0;

    Place reg; // the general register that ModRM.reg names, or nothing
};

// Checks everything that can fault about them.
[[nodiscard]] MaybeFault find_floating_places(Execution& execution, FloatingPlaces& places);

}
