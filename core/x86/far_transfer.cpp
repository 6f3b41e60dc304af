#include "core/x86/far_transfer.hpp"

#include "core/x86/inner_stack.hpp"
#include "core/x86/segment_load.hpp"
#include "core/x86/segments.hpp"
#include "core/x86/task_state.hpp"

#include <algorithm>

namespace ringside {

namespace {

bool is_call_gate(const Descriptor& descriptor)
{
    return descriptor.is(SystemType::CallGate16) || descriptor.is(SystemType::CallGate32);
}

bool is_tss(const Descriptor& descriptor, bool busy)
{
    return busy ? descriptor.is(SystemType::BusyTss16) || descriptor.is(SystemType::BusyTss32)
                : descriptor.is(SystemType::AvailableTss16) || descriptor.is(SystemType::AvailableTss32);
}

bool is_long_enough(const Descriptor& tss)
{
    return tss.limit() >= (tss.type() & 8 ? sizeof(Tss32) : sizeof(Tss16)) - 1;
}

// SDM 3A §7.3 steps 1 to 4. A selector from a TSS's link is reported as #TS, one of the program's as #GP.
MaybeFault check_task(GuestMemory& memory, const CpuState& state, Selector tss, Vector refusal, bool busy)
{
    Fault refused = fault_with_code(refusal, tss.error_code());
    if (tss.is_null() || tss.is_local())
        return refused;
    FoundDescriptor found;
    if (auto fault = find_descriptor(memory, state, tss, refused, found))
        return fault;
    if (!is_tss(found.descriptor, busy))
        return refused;
    if (!found.descriptor.is_present())
        return fault_with_code(NP, tss.error_code());
    if (!is_long_enough(found.descriptor))
        return fault_with_code(TS, tss.error_code());
    return {};
}

// A call through a gate to an inner ring needs room there for SS, ESP, the parameters, CS and EIP (SDM 3A §5.8.5).
MaybeFault check_inner_stack(GuestMemory& memory, const CpuState& state, unsigned ring, Descriptor gate)
{
    InnerStack stack;
    if (auto fault = find_inner_stack(memory, state, ring, 0, stack))
        return fault;
    Segment ss = stack.found.descriptor.segment_register(stack.selector);
    uint32_t bytes = (4 + gate.gate_parameters()) * (gate.is(SystemType::CallGate32) ? 4 : 2);
    if (!within_limit(ss, (stack.esp - bytes) & stack_mask(ss), bytes))
        return fault_with_code(SS, stack.selector.error_code());
    return {};
}

// SDM 3A §5.8.4.
MaybeFault check_call_gate(GuestMemory& memory, const CpuState& state, Descriptor gate, FarBranch branch)
{
    Selector target = gate.gate_selector();
    Fault refused = fault_with_code(GP, target.error_code());
    if (target.is_null())
        return fault_with_code(GP, 0);
    FoundDescriptor code;
    if (auto fault = find_descriptor(memory, state, target, refused, code))
        return fault;
    const Descriptor& descriptor = code.descriptor;
    if (!descriptor.is_code() || descriptor.dpl() > state.cpl())
        return refused;
    bool to_inner = !descriptor.is_conforming_code() && descriptor.dpl() < state.cpl();
    if (to_inner && branch == FarBranch::Jump)
        return refused;
    if (!descriptor.is_present())
        return fault_with_code(NP, target.error_code());
    return to_inner ? check_inner_stack(memory, state, descriptor.dpl(), gate) : MaybeFault {};
}

}

MaybeFault check_far_branch(GuestMemory& memory, const CpuState& state, Selector target, FarBranch branch)
{
    if (target.is_null())
        return fault_with_code(GP, 0);
    Fault refused = fault_with_code(GP, target.error_code());
    FoundDescriptor found;
    if (auto fault = find_descriptor(memory, state, target, refused, found))
        return fault;
    const Descriptor& descriptor = found.descriptor;
    if (!descriptor.is_system())
        return check_code_segment(memory, state, target, CodeTransfer::Direct, found);
    if (descriptor.dpl() < std::max(state.cpl(), target.rpl()))
        return refused;
    if (is_tss(descriptor, false) || is_tss(descriptor, true))
        return check_task(memory, state, target, GP, false);
    if (!is_call_gate(descriptor) && !descriptor.is(SystemType::TaskGate))
        return refused;
    if (!descriptor.is_present())
        return fault_with_code(NP, target.error_code());
    return is_call_gate(descriptor) ? check_call_gate(memory, state, descriptor, branch)
                                    : check_task(memory, state, descriptor.gate_selector(), GP, false);
}

MaybeFault check_far_return(GuestMemory& memory, const CpuState& state, Selector code, Selector stack)
{
    FoundDescriptor found;
    if (auto fault = check_code_segment(memory, state, code, CodeTransfer::Return, found))
        return fault;
    if (code.rpl() == state.cpl())
        return {};
    return check_stack_segment(memory, state, stack, code.rpl(), found);
}

MaybeFault check_task_return(GuestMemory& memory, const CpuState& state)
{
    uint16_t link = 0;
    if (auto fault = LinearMemory(memory, state).read(Gla { state.tr.base }, link, Privilege::Supervisor))
        return fault;
    return check_task(memory, state, Selector { link }, TS, true);
}

}
