// What belongs to the machine rather than to the processor: time, model-specific registers, CPUID, fast system calls.
#include "core/x86/cpuid.hpp"
#include "core/x86/instructions/handlers.hpp"

namespace ringside {

namespace {

void set_pair(CpuState& state, uint64_t value)
{
    state.gpr[Eax] = static_cast<uint32_t>(value);
    state.gpr[Edx] = static_cast<uint32_t>(value >> 32);
}

// Flat segments that SYSENTER and SYSEXIT make up, without looking at a table (SDM 2B).
void load_flat_segments(CpuState& state, uint32_t code_selector, uint32_t stack_selector, unsigned ring)
{
    constexpr uint16_t code = 0xC09B, data = 0xC093;
    auto dpl = static_cast<uint16_t>(ring << 5);
    auto rpl = [&](uint32_t selector) { return static_cast<uint16_t>(selector | ring); };
    state.segment(Cs) = { rpl(code_selector), static_cast<uint16_t>(code | dpl), 0, 0xFFFFFFFF };
    state.segment(Ss) = { rpl(stack_selector), static_cast<uint16_t>(data | dpl), 0, 0xFFFFFFFF };
}

constexpr uint32_t selector_mask = 0xFFFC;

}

// Outside ring 0 only while CR4.TSD is clear (SDM 2B "RDTSC").
MaybeFault execute_rdtsc(Execution& e)
{
    if ((e.state.cr4 & cr4::tsd) && e.state.cpl() != 0)
        return e.fault(GP);
    uint64_t value = e.engine.time_stamp_counter();
    set_pair(e.state, value);
    e.exits_as(EventKind::TimeStamp, value);
    return {};
}

MaybeFault execute_rdmsr(Execution& e)
{
    if (auto fault = e.require_ring_0())
        return fault;
    uint32_t index = e.state.gpr[Ecx];
    auto value = e.engine.read_msr(e.state, index);
    if (!value)
        return e.fault(GP);
    set_pair(e.state, *value);
    e.exits_as(EventKind::MsrRead, *value, index);
    return {};
}

MaybeFault execute_wrmsr(Execution& e)
{
    if (auto fault = e.require_ring_0())
        return fault;
    uint32_t index = e.state.gpr[Ecx];
    uint64_t value = uint64_t { e.state.gpr[Edx] } << 32 | e.state.gpr[Eax];
    if (!e.engine.write_msr(e.state, index, value))
        return e.fault(GP);
    e.exits_as(EventKind::MsrWrite, value, index);
    return {};
}

// There are no performance counters, so that every index is a wrong one.
MaybeFault execute_rdpmc(Execution& e)
{
    return e.fault(GP);
}

MaybeFault execute_cpuid(Execution& e)
{
    uint32_t leaf = e.state.gpr[Eax], subleaf = e.state.gpr[Ecx];
    CpuidResult answer = cpuid(leaf, subleaf);
    e.state.gpr[Eax] = answer.eax;
    e.state.gpr[Ebx] = answer.ebx;
    e.state.gpr[Ecx] = answer.ecx;
    e.state.gpr[Edx] = answer.edx;
    e.exits_as(EventKind::Cpuid, leaf, subleaf);
    return {};
}

MaybeFault execute_sysenter(Execution& e)
{
    uint32_t selector = e.state.msrs.sysenter_cs & selector_mask;
    if (!e.state.protected_mode() || selector == 0)
        return e.fault(GP);
    e.exits_as(EventKind::FastSystemCall, e.state.eip);
    e.state.eflags &= ~(eflags::vm | eflags::if_);
    load_flat_segments(e.state, selector, selector + 8, 0);
    e.state.gpr[Esp] = e.state.msrs.sysenter_esp;
    e.next_eip = e.state.msrs.sysenter_eip;
    e.affects(effect::segments | effect::interrupts);
    return {};
}

MaybeFault execute_sysexit(Execution& e)
{
    uint32_t selector = e.state.msrs.sysenter_cs & selector_mask;
    if (!e.state.protected_mode() || selector == 0 || e.state.cpl() != 0)
        return e.fault(GP);
    load_flat_segments(e.state, selector + 16, selector + 24, 3);
    e.state.gpr[Esp] = e.state.gpr[Ecx];
    e.next_eip = e.state.gpr[Edx];
    e.affects(effect::segments);
    e.exits_as(EventKind::FastSystemReturn, e.next_eip);
    return {};
}

}
