#include "core/x86/system_instructions.hpp"

#include "core/verify.hpp"
#include "core/x86/instruction_emulator.hpp"
#include "core/x86/paging.hpp"

namespace ringside {

namespace {

bool moves_debug_register(const Instruction& instruction)
{
    auto is_debug = [](const ZydisDecodedOperand& operand) {
        return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && operand.reg.value >= ZYDIS_REGISTER_DR0
            && operand.reg.value <= ZYDIS_REGISTER_DR7;
    };
    return instruction.info.mnemonic == ZYDIS_MNEMONIC_MOV
        && (is_debug(instruction.operands[0]) || is_debug(instruction.operands[1]));
}

bool is_far_branch(const Instruction& instruction)
{
    return instruction.info.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
}

}

bool is_system_instruction(const Instruction& instruction)
{
    switch (instruction.info.mnemonic) {
    case ZYDIS_MNEMONIC_RDTSC:
    case ZYDIS_MNEMONIC_RDMSR:
    case ZYDIS_MNEMONIC_WRMSR:
    case ZYDIS_MNEMONIC_SYSENTER:
    case ZYDIS_MNEMONIC_SYSCALL:
        return true;
    case ZYDIS_MNEMONIC_JMP:
    case ZYDIS_MNEMONIC_CALL:
        return is_far_branch(instruction);
    default:
        return moves_debug_register(instruction);
    }
}

SystemInstruction execute_system_instruction(Engine& engine, CpuState& state)
{
    auto decoded = decode_instruction(engine.memory(), state);
    if (decoded.fault)
        return { .fault = decoded.fault };
    VERIFY(is_system_instruction(decoded.instruction));
    Emulated emulated = emulate_instruction(engine, state, decoded.instruction);
    if (emulated.outcome == Emulated::Outcome::Fault)
        return { .fault = emulated.fault };
    return { .kind = emulated.kind, .a = emulated.a, .b = emulated.b, .c = emulated.c };
}

std::optional<PortAccess> port_access(const CpuState& state, const Instruction& instruction)
{
    auto dx = static_cast<uint16_t>(state.gpr[Edx]);
    switch (instruction.info.mnemonic) {
    case ZYDIS_MNEMONIC_INSB:
    case ZYDIS_MNEMONIC_OUTSB:
        return PortAccess { dx, 1 };
    case ZYDIS_MNEMONIC_INSW:
    case ZYDIS_MNEMONIC_OUTSW:
        return PortAccess { dx, 2 };
    case ZYDIS_MNEMONIC_INSD:
    case ZYDIS_MNEMONIC_OUTSD:
        return PortAccess { dx, 4 };
    case ZYDIS_MNEMONIC_IN:
    case ZYDIS_MNEMONIC_OUT: {
        bool in = instruction.info.mnemonic == ZYDIS_MNEMONIC_IN;
        const auto& port = instruction.operands[in ? 1 : 0];
        const auto& data = instruction.operands[in ? 0 : 1];
        bool immediate = port.type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
        return PortAccess { immediate ? static_cast<uint16_t>(port.imm.value.u & 0xFF) : dx, data.size / 8u };
    }
    default:
        return std::nullopt;
    }
}

std::optional<uint8_t> read_code_byte(GuestMemory& memory, const CpuState& state, uint32_t offset)
{
    Gla address { state.segment(Cs).base + offset };
    auto walk = walk_pages(memory, state, address, Access::Execute, privilege_of(state), AccessedDirty::Leave);
    return walk.present ? memory.read<uint8_t>(walk.physical) : std::nullopt;
}

}
