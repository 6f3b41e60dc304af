#include "core/x86/io_permission.hpp"

#include "core/x86/linear_memory.hpp"
#include "core/x86/task_state.hpp"

#include <cstddef>

namespace ringside {

namespace {

MaybeFault refused()
{
    return fault_with_code(GP, 0);
}

// One bit per port, set: refused. Two bytes are always read, for ports whose bits straddle a byte; both must lie inside
// the TSS, which is why a bitmap ends with a byte of ones (SDM 1 §19.5.2).
MaybeFault check_bitmap(GuestMemory& memory, const CpuState& state, uint16_t port, unsigned size)
{
    constexpr auto pointer = uint32_t { offsetof(Tss32, io_map_base) };
    if (!is_32_bit_tss(state.tr) || state.tr.limit < pointer + 1)
        return refused();
    LinearMemory linear(memory, state);
    uint16_t map_base = 0;
    if (auto fault = linear.read(Gla { state.tr.base } + pointer, map_base, Privilege::Supervisor))
        return fault;
    uint32_t offset = uint32_t { map_base } + port / 8;
    if (offset + 1 > state.tr.limit)
        return refused();
    uint16_t bits = 0;
    if (auto fault = linear.read(Gla { state.tr.base } + offset, bits, Privilege::Supervisor))
        return fault;
    unsigned wanted = (1u << size) - 1;
    if (bits >> (port % 8) & wanted)
        return refused();
    return {};
}

}

MaybeFault check_io_permission(GuestMemory& memory, const CpuState& state, uint16_t port, unsigned size)
{
    if (!state.protected_mode() || (!state.virtual_8086() && state.cpl() <= state.iopl()))
        return {};
    return check_bitmap(memory, state, port, size);
}

}
