// Where ring 3's part of the guest's address space ends, when the guest keeps its kernel above it, as most do: segments
// that are truncated there keep ring 3 out of the kernel without a change of page protections (as VMware's monitor did
// to protect itself; Adams & Agesen 2006, section 3).
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"

#include <cstdint>

namespace ringside {

// The end of the highest 4 MiB in which a page directory allows ring 3 anything; 4 GiB without paging and with PAE
// paging, whose tables are not looked at.
uint64_t user_boundary(const GuestMemory& memory, const CpuState& state);

}
