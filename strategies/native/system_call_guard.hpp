// Guest code that executes INT 0x80 or SYSCALL enters the host's kernel as a 32-bit program would. A seccomp filter on the
// vCPU's thread refuses every such call with SIGSYS, so that it becomes an event of the guest. This is not the sandbox
// (core/session/confinement.hpp), which confines the whole process: it is how the instruction is virtualized.
#pragma once

#include "core/result.hpp"

namespace ringside {

// For the calling thread, for good. Calls by 64-bit code are not touched. A second call does nothing.
Result<void> guard_system_calls();

}
