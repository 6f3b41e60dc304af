#include "core/x86/instructions/far_return.hpp"

#include "core/x86/segment_load.hpp"

namespace ringside {

namespace {

// The outer ring must not find a segment in a register that it could not have loaded (SDM 3A §5.8.6).
void drop_inner_segments(CpuState& state, unsigned ring)
{
    for (auto which : { Es, Ds, Fs, Gs }) {
        Segment& segment = state.segment(which);
        constexpr unsigned conforming_code = segment_type::code | segment_type::conforming;
        bool anyone = (segment.attributes & Segment::code_or_data)
            && (segment.type() & conforming_code) == conforming_code;
        if (segment.is_present() && !anyone && segment.dpl() < ring)
            segment = Segment {};
    }
}

struct OuterStack {
    uint32_t esp = 0;
    FoundDescriptor found {};
    Selector selector {};
};

MaybeFault find_outer_stack(Execution& e, const FarReturn& frame, unsigned ring, OuterStack& stack)
{
    uint32_t selector = 0;
    if (auto fault = e.peek(frame.stack_depth, e.operand_bytes(), stack.esp))
        return fault;
    if (auto fault = e.peek(frame.stack_depth + e.operand_bytes(), e.operand_bytes(), selector))
        return fault;
    stack.selector = Selector { static_cast<uint16_t>(selector) };
    return check_stack_segment(e.engine.memory(), e.state, stack.selector, ring, stack.found);
}

// ESP keeps its upper half if the new stack is a 16-bit one.
void commit_outer_stack(Execution& e, const OuterStack& stack, uint32_t parameters)
{
    e.state.segment(Ss) = stack.found.descriptor.segment_register(stack.selector);
    e.set_stack_pointer(stack.esp + parameters);
    drop_inner_segments(e.state, stack.selector.rpl());
}

}

MaybeFault return_far(Execution& e, const FarReturn& frame)
{
    auto& memory = e.engine.memory();
    Selector selector { frame.cs };
    FoundDescriptor code;
    if (auto fault = check_code_segment(memory, e.state, selector, CodeTransfer::Return, code))
        return fault;
    bool outward = selector.rpl() != e.state.cpl();
    OuterStack stack;
    if (outward) {
        if (auto fault = find_outer_stack(e, frame, selector.rpl(), stack))
            return fault;
    }
    if (!within_limit(code.descriptor.segment_register(selector), frame.eip, 1))
        return fault_with_code(GP, 0);
    if (auto fault = mark_accessed(memory, e.state, code))
        return fault;
    if (outward) {
        if (auto fault = mark_accessed(memory, e.state, stack.found))
            return fault;
        commit_outer_stack(e, stack, frame.parameters);
    } else {
        e.release_stack(frame.stack_depth);
    }
    e.state.segment(Cs) = code.descriptor.segment_register(selector);
    e.next_eip = frame.eip;
    e.affects(effect::segments);
    return {};
}

MaybeFault load_real_mode_code(Execution& e, uint16_t cs, uint32_t eip)
{
    if (auto fault = e.check_branch_target(eip))
        return fault;
    Segment& code = e.state.segment(Cs);
    code = e.state.virtual_8086() ? virtual_8086_segment(cs) : real_mode_segment(code, cs);
    e.next_eip = eip;
    e.affects(effect::segments);
    return {};
}

}
