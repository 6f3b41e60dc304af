#include "core/x86/task_state.hpp"

#include "core/x86/descriptors.hpp"

#include <cstddef>

namespace ringside {

namespace {

MaybeFault read_inner_stack_16(const LinearMemory& memory, Gla slot, InnerStack& stack)
{
    Tss16::Stack image {};
    if (auto fault = memory.read(slot, image, Privilege::Supervisor))
        return fault;
    stack = { image.ss, image.sp };
    return {};
}

// ESP and SS take six bytes; the two above SS are reserved and need not exist.
MaybeFault read_inner_stack_32(const LinearMemory& memory, Gla slot, InnerStack& stack)
{
    std::array<std::byte, 6> image {};
    if (auto fault = memory.read_bytes(slot, image, Privilege::Supervisor))
        return fault;
    std::memcpy(&stack.esp, &image[0], 4);
    std::memcpy(&stack.ss, &image[4], 2);
    return {};
}

}

MaybeFault read_inner_stack(const LinearMemory& memory, const Segment& tr, unsigned ring, uint32_t external,
                            InnerStack& stack)
{
    bool wide = is_32_bit_tss(tr);
    uint32_t offset = wide ? uint32_t { offsetof(Tss32, stacks) } + ring * uint32_t { sizeof(Tss32::Stack) }
                           : uint32_t { offsetof(Tss16, stacks) } + ring * uint32_t { sizeof(Tss16::Stack) };
    if (offset + (wide ? 5 : 3) > tr.limit)
        return fault_with_code(TS, Selector { tr.selector }.error_code(external));
    Gla slot = Gla { tr.base } + offset;
    return wide ? read_inner_stack_32(memory, slot, stack) : read_inner_stack_16(memory, slot, stack);
}

}
