#include "core/x86/operands.hpp"

#include "core/x86/linear_memory.hpp"
#include "core/x86/segments.hpp"

namespace ringside {

namespace {

bool accesses_nothing(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_INVLPG:
    case ZYDIS_MNEMONIC_NOP:
    case ZYDIS_MNEMONIC_PREFETCH:
    case ZYDIS_MNEMONIC_PREFETCHW:
    case ZYDIS_MNEMONIC_PREFETCHNTA:
    case ZYDIS_MNEMONIC_PREFETCHT0:
    case ZYDIS_MNEMONIC_PREFETCHT1:
    case ZYDIS_MNEMONIC_PREFETCHT2:
        return true;
    default:
        return false;
    }
}

bool is_bit_test(ZydisMnemonic mnemonic)
{
    return mnemonic == ZYDIS_MNEMONIC_BT || mnemonic == ZYDIS_MNEMONIC_BTS || mnemonic == ZYDIS_MNEMONIC_BTR
        || mnemonic == ZYDIS_MNEMONIC_BTC;
}

bool writes(const ZydisDecodedOperand& operand)
{
    return operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
}

bool is_stack_pointer(ZydisRegister name)
{
    return name == ZYDIS_REGISTER_ESP || name == ZYDIS_REGISTER_SP;
}

// The stack slots that PUSH, CALL, RET.. imply, as opposed to an operand that somebody wrote as [esp].
bool is_implied_stack(const ZydisDecodedOperand& operand)
{
    return operand.visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN && is_stack_pointer(operand.mem.base);
}

// What the instruction adds to base + index + displacement.
uint32_t adjustment(const CpuState& state, const Instruction& instruction, const ZydisDecodedOperand& operand)
{
    auto mnemonic = instruction.info.mnemonic;
    uint32_t operand_bytes = instruction.info.operand_width / 8u;
    if (is_implied_stack(operand))
        return writes(operand) ? 0u - operand.size / 8u : 0;
    if (mnemonic == ZYDIS_MNEMONIC_POP && is_stack_pointer(operand.mem.base))
        return operand_bytes;
    if (mnemonic == ZYDIS_MNEMONIC_XLAT)
        return state.gpr[Eax] & 0xFF;
    const auto& bit = instruction.operands[1];
    if (is_bit_test(mnemonic) && bit.type == ZYDIS_OPERAND_TYPE_REGISTER) {
        uint32_t raw = register_value(state, bit.reg.value);
        int32_t index = operand_bytes == 2 ? static_cast<int16_t>(raw) : static_cast<int32_t>(raw);
        int32_t bits = static_cast<int32_t>(operand_bytes * 8);
        int32_t element = index / bits - (index % bits < 0 ? 1 : 0);
        return static_cast<uint32_t>(element) * operand_bytes;
    }
    return 0;
}

uint32_t offset_mask(const CpuState& state, const Instruction& instruction, const ZydisDecodedOperand& operand)
{
    if (is_implied_stack(operand))
        return stack_mask(state.segment(Ss));
    return instruction.info.address_width == 16 ? 0xFFFF : 0xFFFFFFFF;
}

std::optional<uint32_t> read_memory(GuestMemory& memory, const CpuState& state, const MemoryReference& reference)
{
    uint32_t value = 0;
    if (reference.length > sizeof(value)
        || check_segment_access(state, reference.segment, reference.offset, reference.length, Access::Read))
        return {};
    Gla address = Gla { state.segment(reference.segment).base } + reference.offset;
    auto target = std::as_writable_bytes(std::span { &value, 1 }).first(reference.length);
    if (LinearMemory(memory, state).read_bytes(address, target, privilege_of(state)))
        return {};
    return value;
}

}

uint32_t register_value(const CpuState& state, ZydisRegister name)
{
    ZyanI8 id = ZydisRegisterGetId(name);
    if (id < 0 || id > 7)
        return 0;
    auto number = static_cast<unsigned>(id);
    switch (ZydisRegisterGetClass(name)) {
    case ZYDIS_REGCLASS_GPR8: // AL CL DL BL AH CH DH BH
        return state.gpr[number & 3] >> (number & 4 ? 8 : 0) & 0xFF;
    case ZYDIS_REGCLASS_GPR16:
        return state.gpr[number] & 0xFFFF;
    case ZYDIS_REGCLASS_GPR32:
        return state.gpr[number];
    default:
        return 0;
    }
}

std::optional<SegmentRegister> segment_register(ZydisRegister name)
{
    switch (name) {
    case ZYDIS_REGISTER_ES:
        return Es;
    case ZYDIS_REGISTER_CS:
        return Cs;
    case ZYDIS_REGISTER_SS:
        return Ss;
    case ZYDIS_REGISTER_DS:
        return Ds;
    case ZYDIS_REGISTER_FS:
        return Fs;
    case ZYDIS_REGISTER_GS:
        return Gs;
    default:
        return {};
    }
}

std::optional<MemoryReference> memory_reference(
    const CpuState& state, const Instruction& instruction, const ZydisDecodedOperand& operand)
{
    if (operand.type != ZYDIS_OPERAND_TYPE_MEMORY || operand.mem.type != ZYDIS_MEMOP_TYPE_MEM || operand.size == 0
        || accesses_nothing(instruction.info.mnemonic))
        return {};
    uint32_t offset = register_value(state, operand.mem.base)
        + register_value(state, operand.mem.index) * operand.mem.scale + static_cast<uint32_t>(operand.mem.disp.value)
        + adjustment(state, instruction, operand);
    return MemoryReference { segment_register(operand.mem.segment).value_or(Ds),
        offset & offset_mask(state, instruction, operand), operand.size / 8u };
}

std::optional<uint32_t> operand_value(
    GuestMemory& memory, const CpuState& state, const Instruction& instruction, const ZydisDecodedOperand& operand)
{
    switch (operand.type) {
    case ZYDIS_OPERAND_TYPE_REGISTER:
        if (auto which = segment_register(operand.reg.value))
            return state.segment(*which).selector;
        return register_value(state, operand.reg.value);
    case ZYDIS_OPERAND_TYPE_IMMEDIATE:
        return static_cast<uint32_t>(operand.imm.value.u);
    case ZYDIS_OPERAND_TYPE_MEMORY:
        if (auto reference = memory_reference(state, instruction, operand))
            return read_memory(memory, state, *reference);
        return {};
    default:
        return {};
    }
}

}
