// The stack that the TSS holds for an inner ring (SDM 3A §5.8.5): what an interrupt or a call gate switches to.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/x86/descriptors.hpp"
#include "core/x86/fault.hpp"

#include <cstdint>

namespace ringside {

struct InnerStack {
    Selector selector {};
    FoundDescriptor found {};
    uint32_t esp = 0;
};

// Finds the stack for `ring` (0 to 2) in the current TSS, checked but not marked accessed. Raises #TS with the TSS's
// selector if the TSS is too short, #TS or #SS with the stack's selector if that is no writable segment of the ring, or
// is not present (SDM 3A table 6-6). `external` is selector_error::external or 0.
[[nodiscard]] MaybeFault find_inner_stack(
    GuestMemory& memory, const CpuState& state, unsigned ring, uint32_t external, InnerStack& stack);

}
