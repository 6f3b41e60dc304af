#include "core/x86/floating_operands.hpp"

#include <algorithm>
#include <array>

namespace ringside {

namespace {

constexpr unsigned vector_bytes = 16, image_bytes = 512;

bool is_general_register(const ZydisDecodedOperand& operand)
{
    if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER)
        return false;
    auto kind = ZydisRegisterGetClass(operand.reg.value);
    return kind == ZYDIS_REGCLASS_GPR8 || kind == ZYDIS_REGCLASS_GPR16 || kind == ZYDIS_REGCLASS_GPR32;
}

bool is_memory(const ZydisDecodedOperand& operand)
{
    return operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.mem.type == ZYDIS_MEMOP_TYPE_MEM && operand.size >= 8
        && operand.size / 8u <= page_size;
}

// SDM 2A table 2-15: 16 bytes lie at a multiple of 16, but for the instructions that are made for others; FXSAVE's image too.
bool must_be_aligned(const Instruction& instruction, unsigned bytes)
{
    constexpr std::array made_for_others { ZYDIS_MNEMONIC_MOVUPS, ZYDIS_MNEMONIC_MOVUPD, ZYDIS_MNEMONIC_MOVDQU,
        ZYDIS_MNEMONIC_LDDQU, ZYDIS_MNEMONIC_PCMPESTRM, ZYDIS_MNEMONIC_PCMPESTRI, ZYDIS_MNEMONIC_PCMPISTRM,
        ZYDIS_MNEMONIC_PCMPISTRI, ZYDIS_MNEMONIC_MASKMOVDQU };
    return instruction.info.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY && (bytes == vector_bytes || bytes == image_bytes)
        && std::ranges::find(made_for_others, instruction.info.mnemonic) == made_for_others.end();
}

MaybeFault find_memory(Execution& execution, const ZydisDecodedOperand& operand, FloatingPlaces& places)
{
    unsigned bytes = operand.size / 8u;
    Access access = places.is_written ? Access::Write : Access::Read;
    places.is_memory = true;
    places.segment = segment_of(operand);
    places.offset = effective_offset(execution.state, execution.instruction, operand);
    if (auto fault = check_segment_access(execution.state, places.segment, places.offset, bytes, access))
        return fault;
    uint32_t address = execution.state.segment(places.segment).base + places.offset;
    if (must_be_aligned(execution.instruction, bytes) && address % vector_bytes != 0)
        return execution.fault(GP);
    return execution.find_memory(places.segment, places.offset, bytes, access, places.lent);
}

MaybeFault find_lent(Execution& execution, unsigned index, FloatingPlaces& places)
{
    const auto& operand = execution.operand(index);
    places.is_read = operand.actions & ZYDIS_OPERAND_ACTION_MASK_READ;
    places.is_written = operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
    return is_memory(operand) ? find_memory(execution, operand, places)
                              : execution.find_place(index, Access::Write, places.lent);
}

}

MaybeFault find_floating_places(Execution& execution, FloatingPlaces& places)
{
    for (unsigned index = 0; index < execution.instruction.info.operand_count; ++index) {
        const auto& operand = execution.operand(index);
        bool general = is_general_register(operand);
        MaybeFault fault;
        if (is_memory(operand) || (general && operand.encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM))
            fault = find_lent(execution, index, places);
        else if (general && operand.encoding == ZYDIS_OPERAND_ENCODING_MODRM_REG)
            fault = execution.find_place(index, Access::Write, places.reg);
        if (fault)
            return fault;
    }
    return {};
}

}
