#include "core/x86/inner_stack.hpp"

#include "core/x86/descriptors.hpp"
#include "core/x86/linear_memory.hpp"
#include "core/x86/task_state.hpp"

#include <cstddef>

namespace ringside {

namespace {

struct StackPointer {
    uint16_t ss = 0;
    uint32_t esp = 0;
};

MaybeFault read_slot_16(const LinearMemory& memory, Gla slot, StackPointer& stack)
{
    Tss16::Stack image {};
    if (auto fault = memory.read(slot, image, Privilege::Supervisor))
        return fault;
    stack = { image.ss, image.sp };
    return {};
}

// ESP and SS take six bytes; the two above SS are reserved and need not exist.
struct [[gnu::packed]] Slot32 {
    uint32_t esp;
    uint16_t ss;
};
static_assert(sizeof(Slot32) == 6);

MaybeFault read_slot_32(const LinearMemory& memory, Gla slot, StackPointer& stack)
{
    Slot32 image {};
    if (auto fault = memory.read(slot, image, Privilege::Supervisor))
        return fault;
    stack = { image.ss, image.esp };
    return {};
}

MaybeFault read_stack_pointer(
    const LinearMemory& memory, const Segment& tr, unsigned ring, uint32_t external, StackPointer& stack)
{
    bool wide = is_32_bit_tss(tr);
    uint32_t offset = wide ? uint32_t { offsetof(Tss32, stacks) } + ring * uint32_t { sizeof(Tss32::Stack) }
                           : uint32_t { offsetof(Tss16, stacks) } + ring * uint32_t { sizeof(Tss16::Stack) };
    if (offset + (wide ? 5 : 3) > tr.limit)
        return fault_with_code(TS, Selector { tr.selector }.error_code(external));
    Gla slot = Gla { tr.base } + offset;
    return wide ? read_slot_32(memory, slot, stack) : read_slot_16(memory, slot, stack);
}

}

MaybeFault find_inner_stack(
    GuestMemory& memory, const CpuState& state, unsigned ring, uint32_t external, InnerStack& stack)
{
    StackPointer pointer;
    if (auto fault = read_stack_pointer(LinearMemory(memory, state), state.tr, ring, external, pointer))
        return fault;
    Selector selector { pointer.ss };
    Fault refused = fault_with_code(TS, selector.error_code(external));
    if (selector.is_null() || selector.rpl() != ring)
        return refused;
    if (auto fault = find_descriptor(memory, state, selector, refused, stack.found))
        return fault;
    const Descriptor& descriptor = stack.found.descriptor;
    if (descriptor.dpl() != ring || !descriptor.is_writable_data())
        return refused;
    if (!descriptor.is_present())
        return fault_with_code(SS, selector.error_code(external));
    stack.selector = selector;
    stack.esp = pointer.esp;
    return {};
}

}
