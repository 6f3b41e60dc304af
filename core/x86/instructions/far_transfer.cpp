// Far JMP, CALL and RET (SDM 3A §5.8, SDM 2A "JMP", "CALL", SDM 2B "RET"): to a code segment, through a call gate, or to
// another task.
#include "core/x86/instructions/far_return.hpp"
#include "core/x86/instructions/handlers.hpp"
#include "core/x86/instructions/task_transfer.hpp"

#include "core/x86/inner_stack.hpp"
#include "core/x86/segment_load.hpp"
#include "core/x86/stack_frame.hpp"

#include <algorithm>

namespace ringside {

namespace {

enum class FarBranch : uint8_t { Jump, Call };

struct FarPointer {
    Selector selector {};
    uint32_t offset = 0;
};

// One far JMP or CALL in progress, in protected mode.
struct Branch {
    Execution& e;
    FarBranch kind;
    FarPointer target;

    GuestMemory& memory() const { return e.engine.memory(); }
    bool is_call() const { return kind == FarBranch::Call; }

    [[nodiscard]] MaybeFault execute() const;

private:
    [[nodiscard]] MaybeFault to_code_segment() const;
    [[nodiscard]] MaybeFault through_call_gate(const Descriptor& gate) const;
    [[nodiscard]] MaybeFault to_inner_ring(const Descriptor& gate, FoundDescriptor& code, Selector selector) const;
    [[nodiscard]] MaybeFault within_ring(
        FoundDescriptor& code, Selector selector, uint32_t offset, OperandSize size) const;
    [[nodiscard]] MaybeFault to_task(Selector tss) const;
    [[nodiscard]] MaybeFault parameters(const Descriptor& gate, StackFrame& frame) const;
    void commit(const FoundDescriptor& code, Selector selector, unsigned ring, uint32_t eip) const;
};

bool is_call_gate(const Descriptor& descriptor)
{
    return descriptor.is(SystemType::CallGate16) || descriptor.is(SystemType::CallGate32);
}

bool is_tss(const Descriptor& descriptor)
{
    return descriptor.is(SystemType::AvailableTss16) || descriptor.is(SystemType::AvailableTss32)
        || descriptor.is(SystemType::BusyTss16) || descriptor.is(SystemType::BusyTss32);
}

OperandSize gate_size(const Descriptor& gate)
{
    return gate.is(SystemType::CallGate16) ? OperandSize::Word : OperandSize::Doubleword;
}

uint32_t gate_offset(const Descriptor& gate)
{
    return gate_size(gate) == OperandSize::Word ? gate.gate_offset() & 0xFFFF : gate.gate_offset();
}

bool holds(const FoundDescriptor& code, uint32_t offset)
{
    return within_limit(code.descriptor.segment_register({}), offset, 1);
}

MaybeFault Branch::execute() const
{
    if (target.selector.is_null())
        return fault_with_code(GP, 0);
    Fault refused = fault_with_code(GP, target.selector.error_code());
    FoundDescriptor found;
    if (auto fault = find_descriptor(memory(), e.state, target.selector, refused, found))
        return fault;
    const Descriptor& descriptor = found.descriptor;
    if (!descriptor.is_system())
        return to_code_segment();
    if (!is_call_gate(descriptor) && !is_tss(descriptor) && !descriptor.is(SystemType::TaskGate))
        return refused;
    if (descriptor.dpl() < std::max(e.state.cpl(), target.selector.rpl()))
        return refused;
    if (is_tss(descriptor))
        return to_task(target.selector);
    if (!descriptor.is_present())
        return fault_with_code(NP, target.selector.error_code());
    return is_call_gate(descriptor) ? through_call_gate(descriptor) : to_task(descriptor.gate_selector());
}

MaybeFault Branch::to_code_segment() const
{
    FoundDescriptor code;
    if (auto fault = check_code_segment(memory(), e.state, target.selector, CodeTransfer::Direct, code))
        return fault;
    return within_ring(code, target.selector, target.offset, static_cast<OperandSize>(e.operand_bytes()));
}

// SDM 3A §5.8.4, table 5-2.
MaybeFault Branch::through_call_gate(const Descriptor& gate) const
{
    Selector selector = gate.gate_selector();
    if (selector.is_null())
        return fault_with_code(GP, 0);
    Fault refused = fault_with_code(GP, selector.error_code());
    FoundDescriptor code;
    if (auto fault = find_descriptor(memory(), e.state, selector, refused, code))
        return fault;
    const Descriptor& descriptor = code.descriptor;
    if (!descriptor.is_code() || descriptor.dpl() > e.state.cpl())
        return refused;
    bool inward = !descriptor.is_conforming_code() && descriptor.dpl() < e.state.cpl();
    if (inward && !is_call())
        return refused;
    if (!descriptor.is_present())
        return fault_with_code(NP, selector.error_code());
    return inward ? to_inner_ring(gate, code, selector)
                  : within_ring(code, selector, gate_offset(gate), gate_size(gate));
}

MaybeFault Branch::within_ring(FoundDescriptor& code, Selector selector, uint32_t offset, OperandSize size) const
{
    StackFrame frame(size);
    const Segment& ss = e.state.segment(Ss);
    uint32_t esp = e.state.gpr[Esp];
    if (is_call()) {
        frame.push(e.state.segment(Cs).selector);
        frame.push(e.next_eip);
        if (!frame.has_room(ss, esp))
            return fault_with_code(SS, 0);
    }
    if (!holds(code, offset))
        return fault_with_code(GP, 0);
    if (auto fault = mark_accessed(memory(), e.state, code))
        return fault;
    if (is_call()) {
        if (auto fault = frame.store(e.linear(), ss, esp, privilege_of(e.state)))
            return fault;
        e.set_stack_pointer(esp);
    }
    commit(code, selector, e.state.cpl(), offset);
    return {};
}

// The caller's stack, its parameters and the return address go to the inner ring's stack (SDM 3A figure 5-13).
MaybeFault Branch::to_inner_ring(const Descriptor& gate, FoundDescriptor& code, Selector selector) const
{
    unsigned ring = code.descriptor.dpl();
    InnerStack stack;
    if (auto fault = find_inner_stack(memory(), e.state, ring, 0, stack))
        return fault;
    StackFrame frame(gate_size(gate));
    frame.push(e.state.segment(Ss).selector);
    frame.push(e.state.gpr[Esp]);
    if (auto fault = parameters(gate, frame))
        return fault;
    frame.push(e.state.segment(Cs).selector);
    frame.push(e.next_eip);
    Segment ss = stack.found.descriptor.segment_register(stack.selector);
    if (!frame.has_room(ss, stack.esp))
        return fault_with_code(SS, stack.selector.error_code());
    if (!holds(code, gate_offset(gate)))
        return fault_with_code(GP, 0);
    if (auto fault = mark_accessed(memory(), e.state, stack.found))
        return fault;
    if (auto fault = mark_accessed(memory(), e.state, code))
        return fault;
    if (auto fault = frame.store(e.linear(), ss, stack.esp, Privilege::Supervisor))
        return fault;
    e.state.segment(Ss) = stack.found.descriptor.segment_register(stack.selector);
    e.state.gpr[Esp] = stack.esp;
    commit(code, selector, ring, gate_offset(gate));
    return {};
}

// Pushed so that they come to lie as they lay on the caller's stack.
MaybeFault Branch::parameters(const Descriptor& gate, StackFrame& frame) const
{
    auto bytes = static_cast<unsigned>(gate_size(gate));
    for (unsigned i = gate.gate_parameters(); i-- > 0;) {
        uint32_t value = 0;
        if (auto fault = e.peek(i * bytes, bytes, value))
            return fault;
        frame.push(value);
    }
    return {};
}

void Branch::commit(const FoundDescriptor& code, Selector selector, unsigned ring, uint32_t eip) const
{
    Selector loaded { static_cast<uint16_t>((selector.value & ~3u) | ring) };
    e.state.segment(Cs) = code.descriptor.segment_register(loaded);
    e.next_eip = eip;
    e.affects(effect::segments);
    e.exits_as(EventKind::FarTransfer, eip, loaded.value);
}

MaybeFault Branch::to_task(Selector tss) const
{
    if (auto fault = transfer_to_task(e, is_call() ? TaskSwitchCause::Call : TaskSwitchCause::Jump, tss))
        return fault;
    e.exits_as(EventKind::FarTransfer, e.next_eip, e.state.segment(Cs).selector);
    return {};
}

// Written into the instruction, or in memory with the selector behind the offset.
MaybeFault read_far_pointer(Execution& e, FarPointer& pointer)
{
    const auto& operand = e.operand(0);
    if (operand.type == ZYDIS_OPERAND_TYPE_POINTER) {
        pointer = { Selector { operand.ptr.segment }, operand.ptr.offset };
        return {};
    }
    uint32_t at = effective_offset(e.state, e.instruction, operand), selector = 0;
    if (auto fault = e.read_memory(segment_of(operand), at, e.operand_bytes(), pointer.offset))
        return fault;
    uint32_t selector_at = (at + e.operand_bytes()) & address_mask(e.instruction);
    if (auto fault = e.read_memory(segment_of(operand), selector_at, 2, selector))
        return fault;
    pointer.selector = Selector { static_cast<uint16_t>(selector) };
    return {};
}

bool has_descriptors(const CpuState& state)
{
    return state.protected_mode() && !state.virtual_8086();
}

// Real-address and virtual-8086 mode.
MaybeFault branch_without_descriptors(Execution& e, FarBranch kind, const FarPointer& target)
{
    StackFrame frame(static_cast<OperandSize>(e.operand_bytes()));
    const Segment& ss = e.state.segment(Ss);
    uint32_t esp = e.state.gpr[Esp];
    if (auto fault = e.check_branch_target(target.offset))
        return fault;
    if (kind == FarBranch::Call) {
        frame.push(e.state.segment(Cs).selector);
        frame.push(e.next_eip);
        if (!frame.has_room(ss, esp))
            return e.fault(SS);
        if (auto fault = frame.store(e.linear(), ss, esp, privilege_of(e.state)))
            return fault;
        e.set_stack_pointer(esp);
    }
    if (auto fault = load_real_mode_code(e, target.selector.value, target.offset))
        return fault;
    e.exits_as(EventKind::FarTransfer, target.offset, target.selector.value);
    return {};
}

MaybeFault branch_far(Execution& e, FarBranch kind)
{
    FarPointer target;
    if (auto fault = read_far_pointer(e, target))
        return fault;
    return has_descriptors(e.state) ? Branch { e, kind, target }.execute()
                                    : branch_without_descriptors(e, kind, target);
}

}

MaybeFault execute_jmp_far(Execution& e)
{
    return branch_far(e, FarBranch::Jump);
}

MaybeFault execute_call_far(Execution& e)
{
    return branch_far(e, FarBranch::Call);
}

MaybeFault execute_ret_far(Execution& e)
{
    unsigned bytes = e.operand_bytes();
    uint32_t eip = 0, cs = 0;
    if (auto fault = e.peek(0, bytes, eip))
        return fault;
    if (auto fault = e.peek(bytes, bytes, cs))
        return fault;
    bool releases = e.operand(0).type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
    uint32_t parameters = releases ? e.immediate(0) : 0;
    auto selector = static_cast<uint16_t>(cs);
    if (has_descriptors(e.state)) {
        if (auto fault = return_far(e, { eip, selector, 2 * bytes + parameters, parameters }))
            return fault;
    } else {
        if (auto fault = load_real_mode_code(e, selector, eip))
            return fault;
        e.release_stack(2 * bytes + parameters);
    }
    e.exits_as(EventKind::FarTransfer, eip, selector);
    return {};
}

}
