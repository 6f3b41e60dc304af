#include "core/x86/operands.hpp"

namespace ringside {

namespace {

struct RegisterPart {
    unsigned number = 0;
    unsigned first_byte = 0;
    uint32_t mask = 0; // 0: not a general register
};

// Zydis numbers the registers of a class in the order of the encoding: AL CL DL BL AH CH DH BH, AX CX DX..., EAX...
constexpr RegisterPart part_of(ZydisRegister name)
{
    auto within = [&](ZydisRegister first) { return name >= first && name < first + 8; };
    auto index = [&](ZydisRegister first) { return static_cast<unsigned>(name - first); };
    if (within(ZYDIS_REGISTER_EAX))
        return { index(ZYDIS_REGISTER_EAX), 0, 0xFFFFFFFF };
    if (within(ZYDIS_REGISTER_AX))
        return { index(ZYDIS_REGISTER_AX), 0, 0xFFFF };
    if (within(ZYDIS_REGISTER_AL))
        return { index(ZYDIS_REGISTER_AL) & 3, index(ZYDIS_REGISTER_AL) >> 2, 0xFF };
    return {};
}
static_assert(part_of(ZYDIS_REGISTER_EDI).number == Edi && part_of(ZYDIS_REGISTER_SI).number == Esi);
static_assert(part_of(ZYDIS_REGISTER_BH).number == Ebx && part_of(ZYDIS_REGISTER_BH).first_byte == 1);
static_assert(part_of(ZYDIS_REGISTER_NONE).mask == 0 && part_of(ZYDIS_REGISTER_SPL).mask == 0);

}

std::byte* register_bytes(CpuState& state, ZydisRegister name)
{
    RegisterPart part = part_of(name);
    if (part.mask == 0)
        return nullptr;
    return reinterpret_cast<std::byte*>(&state.gpr[part.number]) + part.first_byte; // little-endian
}

uint32_t register_value(const CpuState& state, ZydisRegister name)
{
    RegisterPart part = part_of(name);
    return state.gpr[part.number] >> (8 * part.first_byte) & part.mask;
}

std::optional<SegmentRegister> segment_register(ZydisRegister name)
{
    if (name < ZYDIS_REGISTER_ES || name > ZYDIS_REGISTER_GS)
        return std::nullopt;
    return static_cast<SegmentRegister>(name - ZYDIS_REGISTER_ES);
}

uint32_t effective_offset(const CpuState& state, const Instruction& instruction, const ZydisDecodedOperand& operand)
{
    const auto& memory = operand.mem;
    uint32_t offset = register_value(state, memory.base) + register_value(state, memory.index) * memory.scale
        + static_cast<uint32_t>(memory.disp.value);
    return offset & address_mask(instruction);
}

}
