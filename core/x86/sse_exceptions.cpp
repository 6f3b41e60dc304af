#include "core/x86/sse_exceptions.hpp"

#include "core/x86/floating_registers.hpp"

namespace ringside {

namespace {

using namespace floating_exception;

constexpr unsigned first_mask = 7;
constexpr uint32_t masks = all << first_mask, flush_to_zero = 1 << 15;

bool rounds_more_than_once(const Instruction& instruction)
{
    return instruction.info.mnemonic == ZYDIS_MNEMONIC_DPPS || instruction.info.mnemonic == ZYDIS_MNEMONIC_DPPD;
}

}

// An unmasked underflow is raised for any tiny result, a masked one only if the result is rounded too (SDM 1 §4.9.1.5).
// Flushing to zero, which has no effect while underflow is unmasked, tells of all of them.
uint32_t masked_mxcsr(uint32_t guest)
{
    uint32_t masked = (guest & ~all) | masks;
    return guest & underflow << first_mask ? masked : masked | flush_to_zero;
}

// Exceptions of the operands are raised before anything is computed, for all parts of a vector (SDM 1 §4.9.2, §11.5.3).
SseExceptions sse_exceptions(const Instruction& instruction, uint32_t guest, uint32_t after)
{
    using Outcome = SseExceptions::Outcome;
    uint32_t flags = after & all;
    uint32_t raised = flags & ~(guest >> first_mask);
    constexpr uint32_t of_operands = invalid | denormal | zero_divide;
    if (!raised)
        return { Outcome::None, flags };
    if (rounds_more_than_once(instruction))
        return { Outcome::Unknown };
    if (raised & of_operands)
        return { Outcome::Raised, flags & of_operands };
    return raised & (overflow | underflow) ? SseExceptions { Outcome::Unknown } : SseExceptions { Outcome::Raised, flags };
}

}
