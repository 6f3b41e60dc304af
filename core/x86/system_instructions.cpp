#include "core/x86/system_instructions.hpp"

#include "core/verify.hpp"
#include "core/x86/paging.hpp"

namespace ringside {

namespace {

SystemInstruction faulted(Fault fault)
{
    return { .fault = fault };
}

Fault general_protection()
{
    return fault_with_code(GP, 0);
}

void set_pair(CpuState& state, uint64_t value)
{
    state.gpr[Eax] = static_cast<uint32_t>(value);
    state.gpr[Edx] = static_cast<uint32_t>(value >> 32);
}

uint64_t pair(const CpuState& state)
{
    return uint64_t { state.gpr[Edx] } << 32 | state.gpr[Eax];
}

// SDM 2B "RDTSC": outside ring 0 only while CR4.TSD is clear.
SystemInstruction read_time_stamp(Engine& engine, CpuState& state)
{
    if ((state.cr4 & cr4::tsd) && state.cpl() != 0)
        return faulted(general_protection());
    uint64_t value = engine.time_stamp_counter();
    set_pair(state, value);
    return { .kind = EventKind::TimeStamp, .a = value };
}

SystemInstruction read_msr(Engine& engine, CpuState& state)
{
    uint32_t index = state.gpr[Ecx];
    auto value = state.cpl() == 0 ? engine.read_msr(state, index) : std::nullopt;
    if (!value)
        return faulted(general_protection());
    set_pair(state, *value);
    return { .kind = EventKind::MsrRead, .a = *value, .b = index };
}

SystemInstruction write_msr(Engine& engine, CpuState& state)
{
    uint32_t index = state.gpr[Ecx];
    uint64_t value = pair(state);
    if (state.cpl() != 0 || !engine.write_msr(state, index, value))
        return faulted(general_protection());
    return { .kind = EventKind::MsrWrite, .a = value, .b = index };
}

// SDM 2B "SYSENTER": flat segments made up from one MSR, interrupts off.
SystemInstruction enter_system(CpuState& state)
{
    uint32_t selector = state.msrs.sysenter_cs & 0xFFFC;
    if (!state.protected_mode() || selector == 0)
        return faulted(general_protection());
    SystemInstruction done { .kind = EventKind::FastSystemCall, .a = state.eip };
    state.eflags &= ~(eflags::vm | eflags::if_ | eflags::rf);
    state.segment(Cs) = { static_cast<uint16_t>(selector), 0xC09B, 0, 0xFFFFFFFF };
    state.segment(Ss) = { static_cast<uint16_t>(selector + 8), 0xC093, 0, 0xFFFFFFFF };
    state.gpr[Esp] = state.msrs.sysenter_esp;
    state.eip = state.msrs.sysenter_eip;
    return done;
}

struct DebugMove {
    unsigned debug_register = 0;
    unsigned general_register = 0;
    bool to_debug_register = false;
};

std::optional<DebugMove> debug_move(const Instruction& instruction)
{
    if (instruction.info.mnemonic != ZYDIS_MNEMONIC_MOV)
        return std::nullopt;
    const auto& to = instruction.operands[0];
    const auto& from = instruction.operands[1];
    if (to.type != ZYDIS_OPERAND_TYPE_REGISTER || from.type != ZYDIS_OPERAND_TYPE_REGISTER)
        return std::nullopt;
    auto is_debug = [](ZydisRegister name) { return name >= ZYDIS_REGISTER_DR0 && name <= ZYDIS_REGISTER_DR7; };
    auto index = [](ZydisRegister name) { return static_cast<unsigned>(ZydisRegisterGetId(name)); };
    if (is_debug(to.reg.value))
        return DebugMove { index(to.reg.value), index(from.reg.value), true };
    if (is_debug(from.reg.value))
        return DebugMove { index(from.reg.value), index(to.reg.value), false };
    return std::nullopt;
}

// SDM 3B §17.2. DR4 and DR5 are DR6 and DR7 while CR4.DE is clear, which it always is: CPUID does not offer it.
SystemInstruction move_debug_register(CpuState& state, const DebugMove& move)
{
    constexpr uint32_t general_detect = 1 << 13;
    constexpr uint32_t dr6_fixed_ones = 0xFFFF0FF0, dr6_fixed_zeros = 1 << 12;
    constexpr uint32_t dr7_fixed_ones = 1 << 10, dr7_fixed_zeros = 1u << 12 | 1u << 14 | 1u << 15;
    if (state.cpl() != 0)
        return faulted(general_protection());
    if (state.dr[7] & general_detect) {
        state.dr[7] &= ~general_detect;
        state.dr[6] |= general_detect;
        return faulted(fault_without_code(DB));
    }
    unsigned number = move.debug_register == 4 || move.debug_register == 5 ? move.debug_register + 2 : move.debug_register;
    uint32_t& general = state.gpr[move.general_register];
    SystemInstruction done { .kind = EventKind::DebugRegister, .b = number, .c = move.to_debug_register };
    if (!move.to_debug_register) {
        done.a = general = state.dr[number];
        return done;
    }
    done.a = general;
    state.dr[number] = general;
    if (number == 6)
        state.dr[6] = (general | dr6_fixed_ones) & ~dr6_fixed_zeros;
    if (number == 7)
        state.dr[7] = (general | dr7_fixed_ones) & ~dr7_fixed_zeros;
    done.debug_register_written = number;
    return done;
}

SystemInstruction execute(Engine& engine, CpuState& state, const Instruction& instruction)
{
    switch (instruction.info.mnemonic) {
    case ZYDIS_MNEMONIC_RDTSC:
        return read_time_stamp(engine, state);
    case ZYDIS_MNEMONIC_RDMSR:
        return read_msr(engine, state);
    case ZYDIS_MNEMONIC_WRMSR:
        return write_msr(engine, state);
    case ZYDIS_MNEMONIC_SYSENTER:
        return enter_system(state);
    case ZYDIS_MNEMONIC_SYSCALL: // undefined while EFER.SCE is clear (SDM 2B "SYSCALL"), and it cannot be set
        return faulted(fault_without_code(UD));
    default:
        break;
    }
    auto move = debug_move(instruction);
    VERIFY(move);
    return move_debug_register(state, *move);
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
    default:
        return debug_move(instruction).has_value();
    }
}

SystemInstruction execute_system_instruction(Engine& engine, CpuState& state)
{
    auto decoded = decode_instruction(engine.memory(), state);
    if (decoded.fault)
        return faulted(*decoded.fault);
    VERIFY(is_system_instruction(decoded.instruction));
    uint32_t next = state.eip + decoded.instruction.length();
    bool moves_eip = decoded.instruction.info.mnemonic == ZYDIS_MNEMONIC_SYSENTER;
    auto done = execute(engine, state, decoded.instruction);
    if (done.fault)
        return done;
    if (!moves_eip)
        state.eip = next;
    state.eflags &= ~eflags::rf;
    state.interrupt_shadow = false;
    return done;
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
