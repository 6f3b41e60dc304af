// How much memory a process has resident, the guest's own not counted.
#pragma once

#include <sys/types.h>

namespace ringside {

// MiB of all mappings of `process` that are resident (Rss of /proc/PID/smaps), libraries included although other
// processes share them; without the guest's memory and, counted once where it belongs, the trace and console memory.
double resident_mebibytes(pid_t process, bool with_shared_blocks);

}
