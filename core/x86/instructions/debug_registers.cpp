// MOV to and from debug registers (SDM 3B §17.2).
#include "core/x86/instructions/handlers.hpp"

namespace ringside {

namespace {

constexpr uint32_t general_detect = 1 << 13; // DR7.GD and DR6.BD
constexpr uint32_t dr6_fixed_ones = 0xFFFF0FF0, dr6_fixed_zeros = 1 << 12;
constexpr uint32_t dr7_fixed_ones = 1 << 10, dr7_fixed_zeros = 1u << 12 | 1u << 14 | 1u << 15;

bool is_debug_register(const ZydisDecodedOperand& operand)
{
    return operand.reg.value >= ZYDIS_REGISTER_DR0 && operand.reg.value <= ZYDIS_REGISTER_DR15;
}

uint32_t storable(unsigned number, uint32_t value)
{
    if (number == 6)
        return (value | dr6_fixed_ones) & ~dr6_fixed_zeros;
    return number == 7 ? (value | dr7_fixed_ones) & ~dr7_fixed_zeros : value;
}

// A debugger that guards the registers learns of the attempt (SDM 3B §17.2.4, GD).
MaybeFault check_access(Execution& e)
{
    if (auto fault = e.require_ring_0())
        return fault;
    if (!(e.state.dr[7] & general_detect))
        return {};
    e.state.dr[7] &= ~general_detect;
    e.state.dr[6] |= general_detect;
    return fault_without_code(DB);
}

}

MaybeFault execute_mov_debug(Execution& e)
{
    bool loads = is_debug_register(e.operand(0));
    auto number = static_cast<unsigned>(e.operand(loads ? 0 : 1).reg.value - ZYDIS_REGISTER_DR0);
    if (number > 7)
        return fault_without_code(UD);
    if (auto fault = check_access(e))
        return fault;
    // DR4 and DR5 are DR6 and DR7 while CR4.DE is clear, which it always is: CPUID does not offer it.
    number = number == 4 || number == 5 ? number + 2 : number;
    if (loads) {
        uint32_t value = register_value(e.state, e.operand(1).reg.value);
        e.state.dr[number] = storable(number, value);
        e.affects(effect::debug_registers);
        e.exits_as(EventKind::DebugRegister, value, number, true);
        return {};
    }
    if (auto fault = e.write(0, e.state.dr[number]))
        return fault;
    e.exits_as(EventKind::DebugRegister, e.state.dr[number], number, false);
    return {};
}

}
