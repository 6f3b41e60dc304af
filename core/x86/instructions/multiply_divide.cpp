// MUL, IMUL, DIV, IDIV. The one-operand forms work on AX, DX:AX or EDX:EAX.
#include "core/x86/instructions/handlers.hpp"

namespace ringside {

namespace {

using arithmetic::Product;
using arithmetic::mask_of;

void set_part(uint32_t& target, uint32_t value, unsigned bits)
{
    target = (target & ~mask_of(bits)) | (value & mask_of(bits));
}

// The double-width value whose high half is AH, DX or EDX.
void set_accumulator(CpuState& state, uint32_t low, uint32_t high, unsigned bits)
{
    if (bits == 8)
        return set_part(state.gpr[Eax], (low & 0xFF) | high << 8, 16);
    set_part(state.gpr[Eax], low, bits);
    set_part(state.gpr[Edx], high, bits);
}

uint64_t accumulator(const CpuState& state, unsigned bits)
{
    if (bits == 8)
        return state.gpr[Eax] & 0xFFFF;
    return uint64_t { state.gpr[Edx] & mask_of(bits) } << bits | (state.gpr[Eax] & mask_of(bits));
}

MaybeFault multiply_accumulator(Execution& e, Product (*multiply)(uint32_t, uint32_t, unsigned))
{
    uint32_t factor = 0;
    if (auto fault = e.read(0, factor))
        return fault;
    unsigned bits = e.operand(0).size;
    Product product = multiply(e.state.gpr[Eax] & mask_of(bits), factor, bits);
    set_accumulator(e.state, product.low, product.high, bits);
    e.set_status_flags(product.flags);
    return {};
}

int64_t sign_extend_wide(uint64_t value, unsigned bits)
{
    return static_cast<int64_t>(value << (64 - bits)) >> (64 - bits);
}

}

MaybeFault execute_mul(Execution& e)
{
    return multiply_accumulator(e, arithmetic::multiply);
}

// One operand: the accumulator; two: target *= source; three: target = source * immediate.
MaybeFault execute_imul(Execution& e)
{
    if (e.instruction.info.operand_count_visible == 1)
        return multiply_accumulator(e, arithmetic::multiply_signed);
    bool three = e.instruction.info.operand_count_visible == 3;
    uint32_t a = 0, b = 0;
    if (auto fault = e.read(1, a))
        return fault;
    if (auto fault = e.read(three ? 2 : 0, b))
        return fault;
    Product product = arithmetic::multiply_signed(a, b, e.operand(0).size);
    e.set_status_flags(product.flags);
    return e.write(0, product.low);
}

// #DE for a zero divisor, and for a quotient that does not fit (SDM 2A "DIV"). The flags are undefined and stay.
MaybeFault execute_div(Execution& e)
{
    uint32_t divisor = 0;
    if (auto fault = e.read(0, divisor))
        return fault;
    unsigned bits = e.operand(0).size;
    uint64_t dividend = accumulator(e.state, bits);
    if (divisor == 0 || dividend / divisor > mask_of(bits))
        return fault_without_code(DE);
    set_accumulator(
        e.state, static_cast<uint32_t>(dividend / divisor), static_cast<uint32_t>(dividend % divisor), bits);
    return {};
}

MaybeFault execute_idiv(Execution& e)
{
    uint32_t raw = 0;
    if (auto fault = e.read(0, raw))
        return fault;
    unsigned bits = e.operand(0).size;
    int64_t divisor = static_cast<int32_t>(arithmetic::sign_extend(raw, bits));
    int64_t dividend = sign_extend_wide(accumulator(e.state, bits), 2 * bits);
    // The smallest dividend by -1 fits into nothing, and C++ does not define it either.
    if (divisor == 0 || (divisor == -1 && dividend == INT64_MIN))
        return fault_without_code(DE);
    int64_t quotient = dividend / divisor;
    if (quotient != sign_extend_wide(static_cast<uint64_t>(quotient), bits))
        return fault_without_code(DE);
    set_accumulator(
        e.state, static_cast<uint32_t>(quotient), static_cast<uint32_t>(dividend % divisor), bits);
    return {};
}

}
