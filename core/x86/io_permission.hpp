// May the running program use these I/O ports? (SDM 1 §19.5)
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/x86/fault.hpp"

#include <cstdint>

namespace ringside {

// Empty if IN, OUT, INS or OUTS of `size` bytes (1, 2 or 4) at `port` may go ahead: CPL <= IOPL, or the bits of all the
// ports are clear in the I/O permission bitmap of the current TSS; in virtual-8086 mode the bitmap alone decides.
// Otherwise #GP(0), or the #PF of reading the bitmap.
[[nodiscard]] MaybeFault check_io_permission(GuestMemory& memory, const CpuState& state, uint16_t port, unsigned size);

}
