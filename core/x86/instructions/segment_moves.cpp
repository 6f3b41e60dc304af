// MOV, PUSH and POP of segment registers, and LDS, LES, LFS, LGS, LSS.
#include "core/x86/instructions/handlers.hpp"

#include "core/x86/segment_load.hpp"

namespace ringside {

namespace {

MaybeFault load(Execution& e, SegmentRegister which, uint32_t value)
{
    auto selector = static_cast<uint16_t>(value);
    if (auto fault = load_segment(e.state, e.engine.memory(), which, Selector { selector }))
        return fault;
    e.affects(effect::segments);
    e.exits_as(EventKind::SegmentLoad, selector, which);
    return {};
}

// Until the next instruction has loaded ESP there is no stack to take an interrupt on (SDM 3A §6.8.3).
void begin_shadow(Execution& e, SegmentRegister loaded)
{
    if (loaded != Ss)
        return;
    e.begins_shadow = true;
    e.affects(effect::interrupts);
}

}

MaybeFault execute_mov_segment(Execution& e)
{
    auto target = e.operand(0).type == ZYDIS_OPERAND_TYPE_REGISTER ? segment_register(e.operand(0).reg.value)
                                                                   : std::nullopt;
    if (target == Cs)
        return fault_without_code(UD);
    uint32_t selector = 0;
    if (auto fault = e.read(1, selector))
        return fault;
    if (!target)
        return e.write(0, selector);
    if (auto fault = load(e, *target, selector))
        return fault;
    begin_shadow(e, *target);
    return {};
}

// A 32-bit push stores zeros above the selector, as AMD's processors do; Intel's leave those two bytes alone (SDM 2B
// "PUSH" allows both).
MaybeFault execute_push_segment(Execution& e)
{
    uint32_t selector = 0;
    if (auto fault = e.read(0, selector))
        return fault;
    return e.push(selector, e.operand_bytes());
}

MaybeFault execute_pop_segment(Execution& e)
{
    SegmentRegister target = *segment_register(e.operand(0).reg.value);
    uint32_t selector = 0;
    if (auto fault = e.peek(0, e.operand_bytes(), selector))
        return fault;
    uint32_t esp = e.state.gpr[Esp] + e.operand_bytes();
    uint32_t mask = stack_mask(e.state.segment(Ss)); // of the stack that was popped from
    if (auto fault = load(e, target, selector))
        return fault;
    e.state.gpr[Esp] = (e.state.gpr[Esp] & ~mask) | (esp & mask);
    begin_shadow(e, target);
    return {};
}

// Offset and selector from memory, the selector behind the offset.
MaybeFault execute_load_far_pointer(Execution& e)
{
    const auto& source = e.operand(1);
    SegmentRegister target = *segment_register(e.operand(2).reg.value);
    uint32_t at = effective_offset(e.state, e.instruction, source);
    uint32_t selector_at = (at + e.operand_bytes()) & address_mask(e.instruction);
    uint32_t offset = 0, selector = 0;
    if (auto fault = e.read_memory(segment_of(source), at, e.operand_bytes(), offset))
        return fault;
    if (auto fault = e.read_memory(segment_of(source), selector_at, 2, selector))
        return fault;
    if (auto fault = load(e, target, selector))
        return fault;
    return e.write(0, offset);
}

}
