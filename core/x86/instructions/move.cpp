// Moves between general registers and memory, conversions, and what copies flags to AH and back.
#include "core/x86/instructions/handlers.hpp"

namespace ringside {

namespace {

bool is_register(const ZydisDecodedOperand& operand, ZydisRegister first, ZydisRegister last)
{
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && operand.reg.value >= first && operand.reg.value <= last;
}

bool uses(Execution& e, ZydisRegister first, ZydisRegister last)
{
    return is_register(e.operand(0), first, last) || is_register(e.operand(1), first, last);
}

// SDM 1 figure 3-8: the flags in the low byte, where bit 1 reads as one.
constexpr uint32_t flags_in_ah = eflags::cf | eflags::pf | eflags::af | eflags::zf | eflags::sf;

void set_low(uint32_t& target, uint32_t value, uint32_t mask)
{
    target = (target & ~mask) | (value & mask);
}

}

MaybeFault execute_mov(Execution& e)
{
    if (uses(e, ZYDIS_REGISTER_ES, ZYDIS_REGISTER_GS))
        return execute_mov_segment(e);
    if (uses(e, ZYDIS_REGISTER_CR0, ZYDIS_REGISTER_CR15))
        return execute_mov_control(e);
    if (uses(e, ZYDIS_REGISTER_DR0, ZYDIS_REGISTER_DR15))
        return execute_mov_debug(e);
    uint32_t value = 0;
    if (auto fault = e.read(1, value))
        return fault;
    return e.write(0, value);
}

MaybeFault execute_movzx(Execution& e)
{
    uint32_t value = 0;
    if (auto fault = e.read(1, value))
        return fault;
    return e.write(0, value);
}

MaybeFault execute_movsx(Execution& e)
{
    uint32_t value = 0;
    if (auto fault = e.read(1, value))
        return fault;
    return e.write(0, arithmetic::sign_extend(value, e.operand(1).size));
}

MaybeFault execute_xchg(Execution& e)
{
    Place first, second;
    if (auto fault = e.find_place(0, Access::Write, first))
        return fault;
    if (auto fault = e.find_place(1, Access::Write, second))
        return fault;
    uint32_t a = e.load(first), b = e.load(second);
    e.store(first, b);
    e.store(second, a);
    return {};
}

// Of a 16-bit register the result is undefined; it becomes 0, as on most processors.
MaybeFault execute_bswap(Execution& e)
{
    uint32_t value = register_value(e.state, e.operand(0).reg.value);
    return e.write(0, e.operand_bytes() == 2 ? 0 : __builtin_bswap32(value));
}

MaybeFault execute_lea(Execution& e)
{
    return e.write(0, effective_offset(e.state, e.instruction, e.operand(1)));
}

MaybeFault execute_xlat(Execution& e)
{
    const auto& table = e.operand(0);
    uint32_t offset = effective_offset(e.state, e.instruction, table) + (e.state.gpr[Eax] & 0xFF);
    uint32_t value = 0;
    if (auto fault = e.read_memory(segment_of(table), offset & address_mask(e.instruction), 1, value))
        return fault;
    set_low(e.state.gpr[Eax], value, 0xFF);
    return {};
}

MaybeFault execute_cbw(Execution& e)
{
    set_low(e.state.gpr[Eax], arithmetic::sign_extend(e.state.gpr[Eax], 8), 0xFFFF);
    return {};
}

MaybeFault execute_cwde(Execution& e)
{
    e.state.gpr[Eax] = arithmetic::sign_extend(e.state.gpr[Eax], 16);
    return {};
}

MaybeFault execute_cwd(Execution& e)
{
    set_low(e.state.gpr[Edx], arithmetic::sign_of(e.state.gpr[Eax], 16) ? 0xFFFF : 0, 0xFFFF);
    return {};
}

MaybeFault execute_cdq(Execution& e)
{
    e.state.gpr[Edx] = arithmetic::sign_of(e.state.gpr[Eax], 32) ? 0xFFFFFFFF : 0;
    return {};
}

MaybeFault execute_lahf(Execution& e)
{
    set_low(e.state.gpr[Eax], ((e.state.eflags & flags_in_ah) | eflags::fixed) << 8, 0xFF00);
    return {};
}

MaybeFault execute_sahf(Execution& e)
{
    e.set_status_flags(e.state.gpr[Eax] >> 8, flags_in_ah);
    return {};
}

// Opcode D6, which the manual leaves out and every processor has: AL becomes 0 or, with CF, FF.
MaybeFault execute_salc(Execution& e)
{
    set_low(e.state.gpr[Eax], e.state.eflags & eflags::cf ? 0xFF : 0, 0xFF);
    return {};
}

}
