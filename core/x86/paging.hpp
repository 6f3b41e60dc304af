// The page walk: guest-linear to guest-physical, as the guest's CR0, CR3, CR4 and EFER say (SDM 3A chapter 4).
//
//   CR0.PG = 0             linear = physical (§4.1)
//   CR0.PG = 1, PAE = 0    32-bit paging: 4 KiB pages, 4 MiB pages with CR4.PSE (§4.3); no PSE-36
//   CR0.PG = 1, PAE = 1    PAE paging: 4 KiB and 2 MiB pages, execute-disable with EFER.NXE (§4.4)
//
// The PDPTEs of PAE paging are read from memory at each walk, as AMD processors do; Intel's load them with CR3.
//
// Paging structures may lie anywhere. Where there is no RAM the entry reads as all ones, as from a bus on which nobody
// answers, and accessed and dirty flags written there are lost. An all-ones entry is present: without PSE it maps the
// frame 0xFFFFF000; with PSE or PAE it has reserved bits set and faults.
#pragma once

#include "core/machine/address.hpp"
#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"

#include <cstdint>

namespace ringside {

enum class Access : uint8_t { Read, Write, Execute };
enum class Privilege : uint8_t { Supervisor, User };
// Update sets the accessed flags on the way and, for a write, the dirty flag; only if the walk succeeds (SDM 3A §4.8).
enum class AccessedDirty : uint8_t { Update, Leave };

// The error code of #PF (SDM 3A figure 4-12).
namespace page_fault_error {
inline constexpr uint32_t present = 1 << 0; // a right is missing; clear: an entry is not present
inline constexpr uint32_t write = 1 << 1;
inline constexpr uint32_t user = 1 << 2;     // the access was a user-mode one
inline constexpr uint32_t reserved = 1 << 3; // a reserved bit is set in a present entry
inline constexpr uint32_t fetch = 1 << 4;    // reported only with PAE and EFER.NXE
}

// Bits of paging-structure entries (SDM 3A tables 4-4 to 4-11).
namespace page_entry {
inline constexpr uint64_t present = 1 << 0, writable = 1 << 1, user = 1 << 2, write_through = 1 << 3,
                          cache_disable = 1 << 4, accessed = 1 << 5, dirty = 1 << 6, large = 1 << 7, global = 1 << 8,
                          no_execute = 1ull << 63;
}

struct PageWalk {
    bool present = false;    // the access is allowed; everything but error_code is meaningful only then
    bool writable = false;   // R/W set at every level: what a user-mode write, or any write with CR0.WP, needs
    bool user = false;       // U/S set at every level
    bool global = false;     // G set in the last entry and CR4.PGE
    bool dirty = false;      // D set in the last entry, after this walk
    bool executable = true;  // no XD on the way
    Gpa physical {};         // of the very byte
    uint32_t error_code = 0; // of the #PF, when !present
    uint32_t page_bytes = 0; // 4 KiB, 2 MiB or 4 MiB; 4 KiB without paging
};

// Privilege::User for accesses at CPL 3, Supervisor otherwise and for implicit accesses to system tables (§4.6).
PageWalk walk_pages(GuestMemory& memory, const CpuState& state, Gla address, Access access, Privilege privilege,
    AccessedDirty accessed_dirty);

// The privilege of an ordinary access of the running program.
inline Privilege privilege_of(const CpuState& state)
{
    return state.cpl() == 3 ? Privilege::User : Privilege::Supervisor;
}

}
