// What the host itself asks for a signal and for a system call: what a guest's exits are measured against.
#pragma once

#include "bench/support/measurement.hpp"

#include <cstdint>

namespace ringside {

// Seconds for one of `count` SIGSEGVs in an ordinary 64-bit program, whose handler does nothing but skip the instruction.
double bare_signal(uint32_t count);

// Seconds for one of `count` calls of getppid().
Moment bare_system_call(uint32_t count);

}
