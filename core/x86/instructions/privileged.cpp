// HLT, the caches, INVLPG, and the instructions around CR0's low half.
#include "core/x86/instructions/handlers.hpp"

namespace ringside {

MaybeFault execute_hlt(Execution& e)
{
    if (auto fault = e.require_ring_0())
        return fault;
    e.state.halted = true;
    e.result.outcome = Emulated::Outcome::Halted;
    e.exits_as(EventKind::Halt);
    return {};
}

// There is no cache that could hold what memory does not.
MaybeFault execute_cache_flush(Execution& e)
{
    if (auto fault = e.require_ring_0())
        return fault;
    e.exits_as(EventKind::CacheFlush);
    return {};
}

// The operand is an address, not an access: neither limits nor pages are looked at (SDM 2A "INVLPG").
MaybeFault execute_invlpg(Execution& e)
{
    if (auto fault = e.require_ring_0())
        return fault;
    const auto& operand = e.operand(0);
    uint32_t offset = effective_offset(e.state, e.instruction, operand);
    e.result.address = Gla { e.state.segment(segment_of(operand)).base } + offset;
    e.affects(effect::invalidated_page);
    e.exits_as(EventKind::PageInvalidation, e.result.address.value);
    return {};
}

MaybeFault execute_clts(Execution& e)
{
    if (auto fault = e.require_ring_0())
        return fault;
    e.state.cr0 &= ~cr0::ts;
    e.exits_as(EventKind::ControlRegisterWrite, e.state.cr0, 0);
    return {};
}

// PE, MP, EM and TS. PE can be set this way but not cleared (SDM 2A "LMSW").
MaybeFault execute_lmsw(Execution& e)
{
    constexpr uint32_t loaded = cr0::mp | cr0::em | cr0::ts;
    if (auto fault = e.require_ring_0())
        return fault;
    uint32_t value = 0;
    if (auto fault = e.read(0, value))
        return fault;
    if (value & ~e.state.cr0 & cr0::pe)
        e.affects(effect::paging_mode | effect::segments);
    e.state.cr0 = (e.state.cr0 & ~loaded) | (value & (loaded | cr0::pe));
    e.exits_as(EventKind::ControlRegisterWrite, e.state.cr0, 0);
    return {};
}

// A 32-bit register gets all of CR0, memory 16 bits.
MaybeFault execute_smsw(Execution& e)
{
    if (auto fault = e.write(0, e.state.cr0))
        return fault;
    e.exits_as(EventKind::ControlRegisterRead, e.state.cr0, 0);
    return {};
}

}
