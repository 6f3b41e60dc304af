#include "core/x86/interrupt_gate.hpp"

#include "core/x86/inner_stack.hpp"
#include "core/x86/segments.hpp"
#include "core/x86/stack_frame.hpp"

namespace ringside {

namespace {

// One entry in progress; the order of the checks is that of SDM 2A "INT n/INTO/INT3/INT1", operation.
struct Entry {
    CpuState& state;
    GuestMemory& memory;
    Descriptor gate;
    const GateRequest& request;

    FoundDescriptor code {};
    unsigned ring = 0; // the handler's
    Segment stack {};
    uint32_t esp = 0;

    OperandSize size() const
    {
        bool is_16_bit = gate.is(SystemType::InterruptGate16) || gate.is(SystemType::TrapGate16);
        return is_16_bit ? OperandSize::Word : OperandSize::Doubleword;
    }
    bool is_trap_gate() const { return gate.type() & 1; }
    uint32_t handler_eip() const
    {
        return size() == OperandSize::Word ? gate.gate_offset() & 0xFFFF : gate.gate_offset();
    }
    Fault fault(Vector vector, Selector selector) const
    {
        return fault_with_code(vector, selector.error_code(request.external));
    }

    [[nodiscard]] MaybeFault find_handler();
    [[nodiscard]] MaybeFault choose_ring();
    [[nodiscard]] MaybeFault choose_stack();
    [[nodiscard]] MaybeFault push_frame();
    StackFrame frame(bool changes_stack) const;
    void commit();
};

MaybeFault Entry::find_handler()
{
    Selector selector = gate.gate_selector();
    if (selector.is_null())
        return fault(GP, Selector {});
    Fault refused = fault(GP, selector);
    if (auto outside = find_descriptor(memory, state, selector, refused, code))
        return outside;
    if (!code.descriptor.is_code() || code.descriptor.dpl() > state.cpl())
        return refused;
    if (!code.descriptor.is_present())
        return fault(NP, selector);
    return choose_ring();
}

// A conforming handler runs in the ring it interrupts, another in its own. From virtual-8086 mode only a
// nonconforming handler in ring 0 will do (SDM 3B §20.3.1).
MaybeFault Entry::choose_ring()
{
    bool conforming = code.descriptor.is_conforming_code();
    if (state.virtual_8086() && (conforming || code.descriptor.dpl() != 0))
        return fault(GP, gate.gate_selector());
    ring = conforming ? state.cpl() : code.descriptor.dpl();
    return {};
}

MaybeFault Entry::choose_stack()
{
    stack = state.segment(Ss);
    esp = state.gpr[Esp];
    if (ring == state.cpl())
        return {};
    InnerStack inner;
    if (auto failed = find_inner_stack(memory, state, ring, request.external, inner))
        return failed;
    if (auto failed = mark_accessed(memory, state, inner.found))
        return failed;
    stack = inner.found.descriptor.segment_register(inner.selector);
    esp = inner.esp;
    return {};
}

// SDM 3A figure 6-4; from virtual-8086 mode SDM 3B figure 20-4.
StackFrame Entry::frame(bool changes_stack) const
{
    StackFrame frame(size());
    if (state.virtual_8086()) {
        for (auto which : { Gs, Fs, Ds, Es })
            frame.push(state.segment(which).selector);
    }
    if (changes_stack) {
        frame.push(state.segment(Ss).selector);
        frame.push(state.gpr[Esp]);
    }
    frame.push(request.eflags);
    frame.push(state.segment(Cs).selector);
    frame.push(request.event.return_eip);
    if (request.event.has_error_code)
        frame.push(request.event.error_code);
    return frame;
}

MaybeFault Entry::push_frame()
{
    bool changes_stack = ring != state.cpl();
    StackFrame values = frame(changes_stack);
    if (!values.has_room(stack, esp))
        return fault(SS, changes_stack ? Selector { stack.selector } : Selector {});
    if (!within_limit(code.descriptor.segment_register({}), handler_eip(), 1))
        return fault(GP, Selector {});
    Privilege privilege = ring == 3 ? Privilege::User : Privilege::Supervisor;
    return values.store(LinearMemory(memory, state), stack, esp, privilege);
}

void Entry::commit()
{
    if (state.virtual_8086()) {
        for (auto which : { Gs, Fs, Ds, Es })
            state.segment(which) = Segment {};
    }
    auto selector = static_cast<uint16_t>((gate.gate_selector().value & ~3u) | ring);
    state.segment(Cs) = code.descriptor.segment_register(Selector { selector });
    state.segment(Ss) = stack;
    state.gpr[Esp] = esp;
    state.eip = handler_eip();
    // SDM 3A §6.12.1.2; an interrupt gate clears IF too.
    state.eflags &= ~(eflags::tf | eflags::nt | eflags::rf | eflags::vm | (is_trap_gate() ? 0 : eflags::if_));
}

}

MaybeFault enter_interrupt_gate(CpuState& state, GuestMemory& memory, Descriptor gate, const GateRequest& request)
{
    Entry entry { state, memory, gate, request };
    if (auto fault = entry.find_handler())
        return fault;
    if (auto fault = entry.choose_stack())
        return fault;
    if (auto fault = mark_accessed(memory, state, entry.code))
        return fault;
    if (auto fault = entry.push_frame())
        return fault;
    entry.commit();
    return {};
}

}
