// The system calls that a worker may make while its guest runs: a seccomp filter (seccomp(2)), for all its threads.
//
//   architecture                        call         answer
//   x86-64                              allowed      the kernel performs it
//   x86-64                              other        SIGSYS: the worker's account says so, and the process ends
//   i386 (INT 80h, SYSENTER, SYSCALL)   any          SIGSYS: a native strategy makes the guest's own event of it
//   x32 (a call number with bit 30)     any          SIGSYS
//
// A strategy may have a handler for SIGSYS of its own, which hands what is not its guest's to the one that was there
// before, or to end_refused().
#pragma once

#include "core/result.hpp"
#include "core/session/confinement.hpp"

#include <string>

namespace ringside {

// "" when this kernel has what the filter needs.
std::string system_call_filter_obstacle();

// For the calling thread and all others of the process, for good. The plan's disks may be read and written at an offset;
// its files serve their use.
Result<void> install_system_call_filter(const ConfinementPlan& plan);

}
