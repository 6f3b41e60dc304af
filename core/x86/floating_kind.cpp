#include "core/x86/floating_kind.hpp"

#include <algorithm>
#include <array>

namespace ringside {

namespace {

constexpr std::array no_wait { ZYDIS_MNEMONIC_FNINIT, ZYDIS_MNEMONIC_FNCLEX, ZYDIS_MNEMONIC_FNSTCW, ZYDIS_MNEMONIC_FNSTSW,
    ZYDIS_MNEMONIC_FNSTENV, ZYDIS_MNEMONIC_FNSAVE, ZYDIS_MNEMONIC_FENI8087_NOP, ZYDIS_MNEMONIC_FDISI8087_NOP,
    ZYDIS_MNEMONIC_FSETPM287_NOP };
constexpr std::array waiting_control { ZYDIS_MNEMONIC_FLDCW, ZYDIS_MNEMONIC_FLDENV, ZYDIS_MNEMONIC_FRSTOR,
    ZYDIS_MNEMONIC_FWAIT };

// They came with SSE, and have nothing to do with its registers.
constexpr std::array without_registers { ZYDIS_MNEMONIC_MOVNTI, ZYDIS_MNEMONIC_SFENCE, ZYDIS_MNEMONIC_LFENCE,
    ZYDIS_MNEMONIC_MFENCE };

template<typename Table>
bool is_in(const Table& table, const Instruction& instruction)
{
    return std::ranges::find(table, instruction.info.mnemonic) != table.end();
}

// MMX instructions that came with a later extension are named after it.
FloatingKind sse_kind(ZydisISASet set)
{
    switch (set) {
    case ZYDIS_ISA_SET_FXSAVE:
        return FloatingKind::StateSave;
    case ZYDIS_ISA_SET_SSE_PREFETCH:
        return FloatingKind::None;
    case ZYDIS_ISA_SET_SSE2MMX:
    case ZYDIS_ISA_SET_SSSE3MMX:
        return FloatingKind::Mmx;
    default:
        return FloatingKind::Sse;
    }
}

// CVTPI2PS counts also if its operand is in memory (SDM 2A "CVTPI2PS").
bool uses_mmx_registers(const Instruction& instruction)
{
    auto is_mmx = [](const ZydisDecodedOperand& operand) {
        return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && ZydisRegisterGetClass(operand.reg.value) == ZYDIS_REGCLASS_MMX;
    };
    return instruction.info.mnemonic == ZYDIS_MNEMONIC_CVTPI2PS || std::ranges::any_of(instruction.all_operands(), is_mmx);
}

}

FloatingKind floating_kind(const Instruction& instruction)
{
    const auto& info = instruction.info;
    if (info.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY || is_in(without_registers, instruction))
        return FloatingKind::None;
    if (info.mnemonic == ZYDIS_MNEMONIC_CRC32 || info.mnemonic == ZYDIS_MNEMONIC_POPCNT)
        return FloatingKind::Integer;
    if (info.mnemonic == ZYDIS_MNEMONIC_FISTTP) // Zydis is not of one mind about its sets
        return FloatingKind::X87;
    switch (info.meta.isa_ext) {
    case ZYDIS_ISA_EXT_X87:
        return info.mnemonic == ZYDIS_MNEMONIC_FWAIT ? FloatingKind::Wait : FloatingKind::X87;
    case ZYDIS_ISA_EXT_MMX:
        return FloatingKind::Mmx;
    case ZYDIS_ISA_EXT_SSE:
    case ZYDIS_ISA_EXT_SSE2:
    case ZYDIS_ISA_EXT_SSE3:
    case ZYDIS_ISA_EXT_SSSE3:
    case ZYDIS_ISA_EXT_SSE4:
        return sse_kind(info.meta.isa_set);
    case ZYDIS_ISA_EXT_MOVBE:
        return FloatingKind::Integer;
    default:
        return FloatingKind::None;
    }
}

// SDM 3A tables 2-2, 12-1 and 13-1.
MaybeFault check_floating_control(uint32_t cr0, uint32_t cr4, FloatingKind kind)
{
    bool em = cr0 & cr0::em, ts = cr0 & cr0::ts, mp = cr0 & cr0::mp, osfxsr = cr4 & cr4::osfxsr;
    bool is_vector = kind == FloatingKind::Mmx || kind == FloatingKind::Sse;
    if ((is_vector && em) || (kind == FloatingKind::Sse && !osfxsr))
        return fault_without_code(UD);
    bool not_available = kind == FloatingKind::Wait ? ts && mp : ts || em;
    if (depends_on_control(kind) && not_available)
        return fault_without_code(NM);
    return {};
}

bool waits_for_exceptions(const Instruction& instruction, FloatingKind kind)
{
    switch (kind) {
    case FloatingKind::Wait:
    case FloatingKind::Mmx:
        return true;
    case FloatingKind::X87:
        return !is_in(no_wait, instruction);
    case FloatingKind::Sse:
        return uses_mmx_registers(instruction);
    default:
        return false;
    }
}

bool is_floating_control(const Instruction& instruction)
{
    return is_in(no_wait, instruction) || is_in(waiting_control, instruction);
}

}
