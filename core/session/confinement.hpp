// Confinement: what a worker gives up before its guest's first instruction (DESIGN section 5.2, docs/decisions/0008).
//
// A guest that runs natively can leave 32-bit mode with one far jump, and is then any 64-bit program in the worker's
// process. So the process is made one in which there is nothing to find and nothing to reach:
//
//   descriptors   only those in the plan; of disks, only the images that were named for this guest
//   privileges    none can be gained (no_new_privs), and no capability is held, but CAP_SYS_RAWIO in a native worker that
//                 had it: mapping the guest's page 0 needs it, and its other uses are system calls that are refused
//   limits        no further process, no further descriptor, no file that grows, no core, bounded memory
//   system calls  those of system_call_filter.hpp; another one ends the process, and its account says which it was
//
// Every worker is confined, whatever its strategy: an emulator has bugs too. Only builds with a sanitizer are not, whose
// runtime needs what is refused here.
#pragma once

#include "core/machine/strategy.hpp"
#include "core/result.hpp"
#include "core/trace/event.hpp"

#include <span>
#include <string>

namespace ringside {

struct ConfinementPlan {
    RealRing guest_runs_in = RealRing::Interpreted; // what StrategyInfo says of the guest's kernel; natively if any may run it so
    std::span<const int> descriptors;               // that stay open
    std::span<const int> disks = {};                // those of them that are images of the guest's disks
    std::span<const StrategyFile> files = {};       // those of them that the strategies use
};

// The guest's code shares the worker's process and address space. One that a processor keeps in non-root mode does not.
constexpr bool runs_natively(RealRing ring)
{
    return ring == RealRing::Ring0 || ring == RealRing::Ring3;
}

// Why this host cannot confine a worker, for people; "" when it can. A strategy that runs guest code untranslated is not
// available on a host that cannot.
std::string confinement_obstacle();

// First thing in a worker: gives up what not even setting up a guest needs.
void drop_needless_privileges();

// In two steps, after everything that opens files and before the guest's first instruction; what the second does
// includes all threads, so they are started between the two, and no more afterwards. On a host that cannot filter system
// calls the second only limits.
Result<void> confine_process(const ConfinementPlan& plan);
Result<void> confine_system_calls(const ConfinementPlan& plan);

}
