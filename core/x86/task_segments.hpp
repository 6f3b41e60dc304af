// Loading a new task's LDTR and segment registers after the switch (SDM 3A §7.3 step 13).
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/x86/fault.hpp"

#include <array>
#include <cstdint>

namespace ringside {

// Puts the selectors in place with empty hidden parts. They count as not present until load_task_segments() has found
// their descriptors, but the CPL is already the new task's.
void place_task_selectors(CpuState& state, const std::array<uint16_t, 6>& selectors, uint16_t ldt);

// Finds and checks the descriptors in the order LDTR, CS, SS, DS, ES, FS, GS. The first fault (table 6-6: mostly #TS
// with the selector) leaves the rest as placed; it belongs to the new task.
[[nodiscard]] MaybeFault load_task_segments(CpuState& state, GuestMemory& memory, uint32_t external);

}
