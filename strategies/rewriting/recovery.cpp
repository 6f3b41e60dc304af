#include "strategies/rewriting/recovery.hpp"

#include <algorithm>

namespace ringside::rewriting {

uint32_t recover(const MonitorArea& area, Recovery recovery, uint32_t eip, HostRegisters& registers)
{
    const auto& slots = area.slots();
    switch (recovery) {
    case Recovery::Boundary:
        return eip;
    case Recovery::PushedFlags:
        registers.edx = slots.edx;
        registers.esp += 4;
        [[fallthrough]];
    case Recovery::Ecx:
        registers.ecx = slots.ecx;
        return eip;
    case Recovery::Popped:
        area.state().interrupts = slots.code == interrupts_on ? interrupts_on : interrupts_off;
        registers.ecx = slots.ecx;
        return eip;
    case Recovery::TargetInEcx: {
        uint32_t target = registers.ecx;
        registers.ecx = slots.ecx;
        return target;
    }
    case Recovery::Lookup:
        registers.ecx = slots.ecx;
        return slots.target;
    }
    return eip;
}

const Point& point_at(const Block& block, uint32_t offset)
{
    auto behind = std::upper_bound(block.points.begin(), block.points.end(), offset,
        [](uint32_t wanted, const Point& point) { return wanted < point.offset; });
    return behind == block.points.begin() ? block.points.front() : *(behind - 1);
}

}
