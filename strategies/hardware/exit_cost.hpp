// What an exit costs outside the monitor: from the guest's instruction through the processor and the host's kernel to the
// monitor, and back. Measured once a run, on this thread, with a guest of three instructions.
#pragma once

#include "strategies/hardware/kvm.hpp"

#include <cstdint>

namespace ringside {

// In ticks of the time-stamp counter: the median of some hundred OUTs that nobody does anything about. 0 where that cannot
// be measured.
uint64_t measure_exit_cost(const KvmSystem& system);

}
