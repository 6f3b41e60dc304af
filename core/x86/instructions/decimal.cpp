// Arithmetic on decimal digits in AL and AH (SDM 2A "AAA" and its neighbors).
#include "core/x86/instructions/handlers.hpp"

namespace ringside {

namespace {

uint32_t al(const CpuState& state)
{
    return state.gpr[Eax] & 0xFF;
}
uint32_t ah(const CpuState& state)
{
    return state.gpr[Eax] >> 8 & 0xFF;
}
void set_ax(CpuState& state, uint32_t high, uint32_t low)
{
    state.gpr[Eax] = (state.gpr[Eax] & 0xFFFF0000) | (high & 0xFF) << 8 | (low & 0xFF);
}

bool low_digit_overflows(const CpuState& state)
{
    return (al(state) & 0xF) > 9 || (state.eflags & eflags::af);
}

// AAA and AAS: the carry of a digit goes to or comes from AH.
void adjust_unpacked(Execution& e, uint32_t correction)
{
    bool carry = low_digit_overflows(e.state);
    uint32_t ax = (e.state.gpr[Eax] & 0xFFFF) + (carry ? correction : 0);
    set_ax(e.state, ax >> 8, ax & 0xF);
    e.set_status_flags(arithmetic::result_flags(ax & 0xF, 8) | (carry ? eflags::af | eflags::cf : 0));
}

// DAA and DAS: a digit and its carry in each half of AL. `sign` is 1 or -1.
void adjust_packed(Execution& e, uint32_t sign)
{
    uint32_t value = al(e.state);
    bool low = low_digit_overflows(e.state);
    bool high = value > 0x99 || (e.state.eflags & eflags::cf);
    // The low digit of DAS may borrow from the high one and so leave CF set by itself.
    bool borrow = low && sign != 1 && value < 6;
    value += sign * ((low ? 0x06 : 0) + (high ? 0x60 : 0));
    set_ax(e.state, ah(e.state), value);
    e.set_status_flags(
        arithmetic::result_flags(value & 0xFF, 8) | (low ? eflags::af : 0) | (high || borrow ? eflags::cf : 0));
}

}

MaybeFault execute_aaa(Execution& e)
{
    adjust_unpacked(e, 0x106);
    return {};
}

MaybeFault execute_aas(Execution& e)
{
    adjust_unpacked(e, 0u - 0x106);
    return {};
}

MaybeFault execute_daa(Execution& e)
{
    adjust_packed(e, 1);
    return {};
}

MaybeFault execute_das(Execution& e)
{
    adjust_packed(e, 0u - 1);
    return {};
}

// The base is the immediate: 10, but for those who write another one by hand.
MaybeFault execute_aam(Execution& e)
{
    uint32_t base = e.immediate(0) & 0xFF;
    if (base == 0)
        return fault_without_code(DE);
    uint32_t value = al(e.state);
    set_ax(e.state, value / base, value % base);
    e.set_status_flags(arithmetic::result_flags(value % base, 8));
    return {};
}

MaybeFault execute_aad(Execution& e)
{
    uint32_t value = (al(e.state) + ah(e.state) * (e.immediate(0) & 0xFF)) & 0xFF;
    set_ax(e.state, 0, value);
    e.set_status_flags(arithmetic::result_flags(value, 8));
    return {};
}

}
