// PUSH, POP and their group forms, ENTER, LEAVE.
#include "core/x86/instructions/handlers.hpp"

#include "core/x86/stack_frame.hpp"

#include <array>

namespace ringside {

namespace {

bool is_segment_register(const ZydisDecodedOperand& operand)
{
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && segment_register(operand.reg.value);
}

// All of the frame or nothing.
MaybeFault push_frame(Execution& e, const StackFrame& frame, uint32_t& esp)
{
    const Segment& ss = e.state.segment(Ss);
    if (!frame.has_room(ss, esp))
        return e.fault(SS);
    return frame.store(e.linear(), ss, esp, privilege_of(e.state));
}

uint32_t part(uint32_t old, uint32_t value, unsigned bytes)
{
    uint32_t mask = arithmetic::mask_of(8 * bytes);
    return (old & ~mask) | (value & mask);
}

}

MaybeFault execute_push(Execution& e)
{
    if (is_segment_register(e.operand(0)))
        return execute_push_segment(e);
    unsigned bytes = e.operand_bytes();
    if (e.operand(0).type != ZYDIS_OPERAND_TYPE_MEMORY) {
        uint32_t value = 0;
        if (auto fault = e.read(0, value))
            return fault;
        return e.push(value, bytes);
    }
    // Both places first: the source may be a device, which must not be read in vain.
    Place source, slot;
    if (auto fault = e.find_place(0, Access::Read, source))
        return fault;
    uint32_t top = (e.state.gpr[Esp] - bytes) & stack_mask(e.state.segment(Ss));
    if (auto fault = e.find_memory(Ss, top, bytes, Access::Write, slot))
        return fault;
    e.store(slot, e.load(source));
    e.set_stack_pointer(top);
    return {};
}

// An address made with ESP is that after the pop, and POP ESP leaves what was popped (SDM 2B "POP").
MaybeFault execute_pop(Execution& e)
{
    if (is_segment_register(e.operand(0)))
        return execute_pop_segment(e);
    uint32_t value = 0;
    if (auto fault = e.peek(0, e.operand_bytes(), value))
        return fault;
    uint32_t before = e.state.gpr[Esp];
    e.release_stack(e.operand_bytes());
    auto fault = e.write(0, value);
    if (fault)
        e.state.gpr[Esp] = before;
    return fault;
}

// EAX ECX EDX EBX ESP EBP ESI EDI, ESP as it was before.
MaybeFault execute_pusha(Execution& e)
{
    StackFrame frame(static_cast<OperandSize>(e.operand_bytes()));
    for (uint32_t value : e.state.gpr)
        frame.push(value);
    uint32_t esp = e.state.gpr[Esp];
    if (auto fault = push_frame(e, frame, esp))
        return fault;
    e.set_stack_pointer(esp);
    return {};
}

MaybeFault execute_popa(Execution& e)
{
    unsigned bytes = e.operand_bytes();
    auto gpr = e.state.gpr;
    for (unsigned i = 0; i < 8; ++i) {
        unsigned number = 7 - i;
        uint32_t value = 0;
        if (auto fault = e.peek(i * bytes, bytes, value))
            return fault;
        if (number != Esp)
            gpr[number] = part(gpr[number], value, bytes);
    }
    e.state.gpr = gpr;
    e.release_stack(8 * bytes);
    return {};
}

// A procedure's frame: the old frame pointer, `level` - 1 frame pointers of the enclosing procedures and its own, then
// room for variables (SDM 2A "ENTER"). Each is read just before it is pushed, since the two areas may overlap.
MaybeFault execute_enter(Execution& e)
{
    constexpr unsigned most_levels = 32;
    unsigned bytes = e.operand_bytes(), level = e.immediate(1) % most_levels;
    uint32_t mask = stack_mask(e.state.segment(Ss));
    uint32_t ebp = e.state.gpr[Ebp], esp = e.state.gpr[Esp], frame_pointer = esp - bytes;
    std::array<Place, most_levels> outer {};
    std::array<Place, most_levels + 1> slots {};
    for (unsigned i = 0; i <= level; ++i) {
        if (auto fault = e.find_memory(Ss, (esp -= bytes) & mask, bytes, Access::Write, slots[i]))
            return fault;
        bool copies = i > 0 && i < level;
        if (auto fault = copies ? e.find_memory(Ss, (ebp - i * bytes) & mask, bytes, Access::Read, outer[i]) : std::nullopt)
            return fault;
    }
    esp -= e.immediate(0);
    // The new top must be one that could be written.
    Place top;
    if (auto fault = e.find_memory(Ss, esp & mask, bytes, Access::Write, top))
        return fault;
    e.store(slots[0], ebp);
    for (unsigned i = 1; i < level; ++i)
        e.store(slots[i], e.load(outer[i]));
    if (level > 0)
        e.store(slots[level], frame_pointer);
    e.set_stack_pointer(esp);
    e.state.gpr[Ebp] = part(ebp, frame_pointer, bytes);
    return {};
}

MaybeFault execute_leave(Execution& e)
{
    uint32_t value = 0, frame_pointer = e.state.gpr[Ebp];
    if (auto fault = e.read_memory(Ss, frame_pointer & stack_mask(e.state.segment(Ss)), e.operand_bytes(), value))
        return fault;
    e.set_stack_pointer(frame_pointer + e.operand_bytes());
    e.state.gpr[Ebp] = part(frame_pointer, value, e.operand_bytes());
    return {};
}

}
