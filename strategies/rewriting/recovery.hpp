// From the registers that the host has at some place of a translation to the registers that the guest has.
#pragma once

#include "strategies/rewriting/block.hpp"

#include <cstdint>

namespace ringside::rewriting {

// Changes them to the guest's; returns its EIP. `eip` is the point's. What lies in the slots may be anything.
struct HostRegisters {
    uint32_t ecx = 0;
    uint32_t edx = 0;
    uint32_t esp = 0;
};
uint32_t recover(const MonitorArea& area, Recovery recovery, uint32_t eip, HostRegisters& registers);

// What is known at this offset of a translation.
const Point& point_at(const Block& block, uint32_t offset);

}
