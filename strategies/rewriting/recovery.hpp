// From the registers that the host has at some place of a translation to the registers that the guest has.
#pragma once

#include "strategies/rewriting/block.hpp"

#include <cstdint>

namespace ringside::rewriting {

// Where translated code was stopped, or called the monitor.
struct Stop {
    Recovery recovery = Recovery::Boundary;
    CodeRing ring = CodeRing::Ring0; // of the code; recover() makes it the guest's
    bool shadow = false;             // as in Point, the next two too
    bool in_software = false;
    uint8_t which = 0;
    uint32_t eip = 0;                // recover() makes it the guest's
};
Stop stop_at(const Block& block, uint32_t offset);
inline Stop stop_of(const Block& block, const Site& site)
{
    return { .recovery = site.recovery, .ring = block.key.ring, .shadow = site.shadow, .eip = site.eip };
}

struct HostRegisters {
    uint32_t eax = 0;
    uint32_t ecx = 0;
    uint32_t edx = 0;
    uint32_t esp = 0;
};

// Changes them to the guest's, and the virtual state with them. What lies in the slots may be anything.
void recover(const MonitorArea& area, Stop& stop, HostRegisters& registers);

}
