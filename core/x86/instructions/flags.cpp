// The flags register: single flags, the interrupt flag, PUSHF and POPF.
#include "core/x86/instructions/handlers.hpp"

namespace ringside {

namespace {

void record_interrupt_flag(Execution& e)
{
    e.affects(effect::interrupts);
    e.exits_as(EventKind::InterruptFlag, (e.state.eflags & eflags::if_) != 0);
}

// What POPF may change (SDM 2B "POPF/POPFD", table 4-16). VM, VIF and VIP stay, RF becomes 0.
uint32_t poppable_flags(const CpuState& state)
{
    uint32_t mask = arithmetic::status_flags | eflags::tf | eflags::df | eflags::nt | eflags::ac | eflags::id;
    if (state.cpl() <= state.iopl())
        mask |= eflags::if_;
    if (state.cpl() == 0)
        mask |= eflags::iopl;
    return mask;
}

// In virtual-8086 mode PUSHF and POPF need IOPL 3 (SDM 3B §20.2.7).
MaybeFault check_virtual_8086(Execution& e)
{
    return e.state.virtual_8086() ? e.require_io_privilege() : MaybeFault {};
}

}

MaybeFault execute_clc(Execution& e)
{
    e.state.eflags &= ~eflags::cf;
    return {};
}

MaybeFault execute_stc(Execution& e)
{
    e.state.eflags |= eflags::cf;
    return {};
}

MaybeFault execute_cmc(Execution& e)
{
    e.state.eflags ^= eflags::cf;
    return {};
}

MaybeFault execute_cld(Execution& e)
{
    e.state.eflags &= ~eflags::df;
    return {};
}

MaybeFault execute_std(Execution& e)
{
    e.state.eflags |= eflags::df;
    return {};
}

MaybeFault execute_cli(Execution& e)
{
    if (auto fault = e.require_io_privilege())
        return fault;
    e.state.eflags &= ~eflags::if_;
    record_interrupt_flag(e);
    return {};
}

// The instruction behind an STI that opens the processor is executed before an interrupt is (SDM 2B "STI").
MaybeFault execute_sti(Execution& e)
{
    if (auto fault = e.require_io_privilege())
        return fault;
    e.begins_shadow = !(e.state.eflags & eflags::if_);
    e.state.eflags |= eflags::if_;
    record_interrupt_flag(e);
    return {};
}

MaybeFault execute_pushf(Execution& e)
{
    if (auto fault = check_virtual_8086(e))
        return fault;
    return e.push(e.state.eflags & ~(eflags::vm | eflags::rf), e.operand_bytes());
}

MaybeFault execute_popf(Execution& e)
{
    if (auto fault = check_virtual_8086(e))
        return fault;
    uint32_t image = 0;
    if (auto fault = e.peek(0, e.operand_bytes(), image))
        return fault;
    uint32_t mask = poppable_flags(e.state);
    if (e.operand_bytes() == 2)
        mask &= 0xFFFF;
    e.release_stack(e.operand_bytes());
    e.state.eflags = (e.state.eflags & ~(mask | eflags::rf)) | (image & mask);
    e.affects(effect::interrupts);
    if (mask & eflags::if_)
        record_interrupt_flag(e);
    return {};
}

}
