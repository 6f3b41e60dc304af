#include "core/x86/control_registers.hpp"

#include <optional>

namespace ringside {

namespace {

// VME to OSXMMEXCPT. Of these CPUID offers only some; as under other monitors, a kernel that sets one of the others
// without asking gets what it would get from a processor that has it and finds nothing to do.
constexpr uint32_t cr4_known = (cr4::osxmmexcpt << 1) - 1;

std::optional<uint32_t> general_register(const CpuState& state, const ZydisDecodedOperand& operand)
{
    if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER)
        return std::nullopt;
    auto number = ZydisRegisterGetId(operand.reg.value);
    return number >= 0 && number < 8 ? std::optional { state.gpr[static_cast<unsigned>(number)] } : std::nullopt;
}

bool is_refused(ZydisRegister target, uint32_t value)
{
    if (target == ZYDIS_REGISTER_CR0)
        return ((value & cr0::pg) && !(value & cr0::pe)) || ((value & cr0::nw) && !(value & cr0::cd));
    return target == ZYDIS_REGISTER_CR4 && (value & ~cr4_known);
}

}

bool loads_checked_register(const Instruction& instruction)
{
    if (instruction.info.mnemonic == ZYDIS_MNEMONIC_LTR)
        return true;
    const auto& target = instruction.operands[0];
    return instruction.info.mnemonic == ZYDIS_MNEMONIC_MOV && target.type == ZYDIS_OPERAND_TYPE_REGISTER
        && (target.reg.value == ZYDIS_REGISTER_CR0 || target.reg.value == ZYDIS_REGISTER_CR4);
}

MaybeFault check_system_register(const CpuState& state, const Instruction& instruction)
{
    if (!loads_checked_register(instruction))
        return {};
    bool is_ltr = instruction.info.mnemonic == ZYDIS_MNEMONIC_LTR;
    auto value = general_register(state, instruction.operands[is_ltr ? 0 : 1]);
    if (!value)
        return {};
    constexpr uint32_t selector_index = 0xFFFC;
    bool refused = is_ltr ? !(*value & selector_index) : is_refused(instruction.operands[0].reg.value, *value);
    return refused ? MaybeFault { fault_with_code(GP, 0) } : std::nullopt;
}

}
