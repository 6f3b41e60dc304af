// The checks of far JMP, CALL, RET and IRET (SDM 3A §5.8): what such a transfer raises. Nothing is transferred here.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/x86/descriptors.hpp"
#include "core/x86/fault.hpp"

namespace ringside {

enum class FarBranch : uint8_t { Jump, Call };

// To a code segment, a call gate, a task gate or a TSS, in protected mode. Faults of a new task are not foreseen.
[[nodiscard]] MaybeFault check_far_branch(
    GuestMemory& memory, const CpuState& state, Selector target, FarBranch branch);

// RET far and IRET to the popped `code` and, when that is in an outer ring, the popped `stack`.
[[nodiscard]] MaybeFault check_far_return(GuestMemory& memory, const CpuState& state, Selector code, Selector stack);

// IRET with NT set: back to the task that the current TSS links to.
[[nodiscard]] MaybeFault check_task_return(GuestMemory& memory, const CpuState& state);

}
