#include "core/x86/protected_mode_interrupt.hpp"

#include "core/x86/descriptors.hpp"
#include "core/x86/interrupt_gate.hpp"
#include "core/x86/linear_memory.hpp"
#include "core/x86/segments.hpp"
#include "core/x86/stack_frame.hpp"
#include "core/x86/task_state.hpp"
#include "core/x86/task_switch.hpp"

namespace ringside {

namespace {

bool is_idt_gate(Descriptor gate)
{
    constexpr uint32_t types = 1u << static_cast<unsigned>(SystemType::TaskGate)
        | 1u << static_cast<unsigned>(SystemType::InterruptGate16) | 1u << static_cast<unsigned>(SystemType::TrapGate16)
        | 1u << static_cast<unsigned>(SystemType::InterruptGate32)
        | 1u << static_cast<unsigned>(SystemType::TrapGate32);
    return gate.is_system() && (types >> gate.type() & 1);
}

// SDM 3A §6.11; the right to use a gate: §6.12.1.1.
MaybeFault find_gate(const CpuState& state, GuestMemory& memory, const GateRequest& request, Descriptor& gate)
{
    uint32_t slot = uint32_t { request.event.vector } * 8;
    uint32_t code = slot | selector_error::idt | request.external;
    if (slot + 7 > state.idtr.limit)
        return fault_with_code(GP, code);
    LinearMemory linear(memory, state);
    if (auto fault = linear.read(Gla { state.idtr.base } + slot, gate.raw, Privilege::Supervisor))
        return fault;
    if (!is_idt_gate(gate))
        return fault_with_code(GP, code);
    if (is_requested(request.event.type) && gate.dpl() < state.cpl())
        return fault_with_code(GP, code);
    if (!gate.is_present())
        return fault_with_code(NP, code);
    return {};
}

// SDM 3A §6.12.2. The error code goes onto the new task's stack, in the width of its TSS.
MaybeFault push_error_code(CpuState& state, GuestMemory& memory, const GateRequest& request)
{
    StackFrame frame(is_32_bit_tss(state.tr) ? OperandSize::Doubleword : OperandSize::Word);
    frame.push(request.event.error_code);
    const Segment& ss = state.segment(Ss);
    if (!frame.has_room(ss, state.gpr[Esp]))
        return fault_with_code(SS, request.external);
    return frame.store(LinearMemory(memory, state), ss, state.gpr[Esp], privilege_of(state));
}

MaybeFault enter_task_gate(
    CpuState& state, GuestMemory& memory, Descriptor gate, const GateRequest& request, bool& debug_trap)
{
    TaskSwitch done = switch_task(state, memory,
        { TaskSwitchCause::Gate, gate.gate_selector(), request.event.return_eip, request.eflags, request.external });
    if (done.fault)
        return done.fault;
    if (request.event.has_error_code) {
        if (auto fault = push_error_code(state, memory, request))
            return fault;
    }
    if (!within_limit(state.segment(Cs), state.eip, 1))
        return fault_with_code(GP, request.external);
    debug_trap = done.debug_trap;
    return {};
}

}

MaybeFault enter_protected_mode_handler(
    CpuState& state, GuestMemory& memory, const GateRequest& request, bool& debug_trap)
{
    // INT n is sensitive to IOPL in virtual-8086 mode, INT3 and INTO are not (SDM 3B §20.2.7, §20.3.1).
    if (state.virtual_8086() && request.event.type == EventType::SoftwareInterrupt && state.iopl() < 3)
        return fault_with_code(GP, 0);
    Descriptor gate;
    if (auto fault = find_gate(state, memory, request, gate))
        return fault;
    if (gate.is(SystemType::TaskGate))
        return enter_task_gate(state, memory, gate, request, debug_trap);
    return enter_interrupt_gate(state, memory, gate, request);
}

}
