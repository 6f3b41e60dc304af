#include "core/x86/breakpoints.hpp"

namespace ringside {

// DR7 (SDM 3B figure 17-1): enable bits 2n and 2n+1, kind at 16+4n, length at 18+4n.
std::optional<Breakpoint> breakpoint_of(const DebugRegisterValues& registers, unsigned number)
{
    static constexpr uint32_t lengths[4] { 1, 2, 8, 4 };
    uint32_t control = registers[7];
    auto kind = static_cast<Breakpoint::Kind>((control >> (16 + 4 * number)) & 3);
    if (!(control & (3u << (2 * number))) || kind == Breakpoint::Kind::InputOutput)
        return std::nullopt;
    uint32_t length = kind == Breakpoint::Kind::Execute ? 1 : lengths[(control >> (18 + 4 * number)) & 3];
    return Breakpoint { registers[number] & ~(length - 1), length, kind };
}

uint32_t instruction_breakpoints(const DebugRegisterValues& registers, Gla address, uint32_t eflags)
{
    if (!any_breakpoint(registers) || (eflags & eflags::rf)) [[likely]]
        return 0;
    uint32_t hit = 0;
    for (unsigned number = 0; number < Breakpoint::count; ++number) {
        auto breakpoint = breakpoint_of(registers, number);
        if (breakpoint && breakpoint->kind == Breakpoint::Kind::Execute && breakpoint->address == address.value)
            hit |= 1u << number;
    }
    return hit;
}

uint32_t data_breakpoints(const DebugRegisterValues& registers, Gla address, uint32_t bytes, Access access)
{
    if (!any_breakpoint(registers)) [[likely]]
        return 0;
    uint32_t hit = 0;
    for (unsigned number = 0; number < Breakpoint::count; ++number) {
        auto breakpoint = breakpoint_of(registers, number);
        if (!breakpoint || breakpoint->kind == Breakpoint::Kind::Execute)
            continue;
        if (breakpoint->kind == Breakpoint::Kind::Write && access != Access::Write)
            continue;
        if (address.value < uint64_t { breakpoint->address } + breakpoint->length
            && breakpoint->address < uint64_t { address.value } + bytes)
            hit |= 1u << number;
    }
    return hit;
}

}
