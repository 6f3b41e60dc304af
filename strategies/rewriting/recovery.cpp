#include "strategies/rewriting/recovery.hpp"

#include <algorithm>

namespace ringside::rewriting {

namespace {

void take_ecx_edx(const MonitorArea& area, HostRegisters& registers)
{
    registers.ecx = area.slots().ecx;
    registers.edx = area.slots().edx;
}

void take_interrupts(const MonitorArea& area)
{
    area.state().interrupts = area.slots().code == interrupts_on ? interrupts_on : interrupts_off;
}

void finish_segment_load(const MonitorArea& area, const Stop& stop)
{
    volatile VirtualState& state = area.state();
    auto real = static_cast<uint16_t>(area.slots().real);
    if (stop.which == Fs)
        state.real_fs = real;
    else if (stop.which == Gs)
        state.real_gs = real;
    state.selectors[stop.which % 6] = area.slots().code & 0xFFFF;
}

void finish_table_load(const MonitorArea& area, const Stop& stop)
{
    volatile VirtualState& state = area.state();
    state.table_bases[stop.which & 1] = area.slots().real;
    state.table_limits[stop.which & 1] = area.slots().code;
    state.records_valid = 0;
}

void finish_change_of_ring(const MonitorArea& area, Stop& stop, CodeRing to)
{
    take_interrupts(area);
    stop.eip = area.slots().target;
    stop.ring = to;
}

const Point& point_at(const Block& block, uint32_t offset)
{
    auto behind = std::upper_bound(block.points.begin(), block.points.end(), offset,
        [](uint32_t wanted, const Point& point) { return wanted < point.offset; });
    return behind == block.points.begin() ? block.points.front() : *(behind - 1);
}

}

Stop stop_at(const Block& block, uint32_t offset)
{
    const Point& point = point_at(block, offset);
    return { point.recovery, block.key.ring, point.shadow, point.in_software, point.which, point.eip };
}

void recover(const MonitorArea& area, Stop& stop, HostRegisters& registers)
{
    const auto& slots = area.slots();
    switch (stop.recovery) {
    case Recovery::Boundary:
        return;
    case Recovery::Ecx:
        registers.ecx = slots.ecx;
        return;
    case Recovery::EaxEcxEdx:
        registers.eax = slots.eax;
        return take_ecx_edx(area, registers);
    case Recovery::PushedFlags:
        registers.esp += 4;
        [[fallthrough]];
    case Recovery::EcxEdx:
        return take_ecx_edx(area, registers);
    case Recovery::Popped:
        take_interrupts(area);
        registers.ecx = slots.ecx;
        return;
    case Recovery::TargetInEcx:
        stop.eip = registers.ecx;
        registers.ecx = slots.ecx;
        return;
    case Recovery::Lookup:
        stop.eip = slots.target;
        registers.ecx = slots.ecx;
        return;
    case Recovery::SegmentPopped:
        registers.esp += 4;
        [[fallthrough]];
    case Recovery::SegmentLoaded:
        finish_segment_load(area, stop);
        return take_ecx_edx(area, registers);
    case Recovery::TableLoaded:
        finish_table_load(area, stop);
        return take_ecx_edx(area, registers);
    case Recovery::OtherStack:
        registers.esp = slots.esp;
        return take_ecx_edx(area, registers);
    case Recovery::Entered:
        finish_change_of_ring(area, stop, CodeRing::Ring0);
        return take_ecx_edx(area, registers);
    case Recovery::Left:
        finish_change_of_ring(area, stop, CodeRing::Ring3);
        registers.esp = slots.user_esp;
        return take_ecx_edx(area, registers);
    }
}

}
