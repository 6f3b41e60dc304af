#include "core/x86/floating_emulator.hpp"

#include "core/x86/instructions/execution.hpp"
#include "core/x86/segments.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace ringside {

namespace {

constexpr unsigned sse_bytes = 16;

bool is_floating(const Instruction& instruction)
{
    constexpr std::array sets { ZYDIS_ISA_EXT_X87, ZYDIS_ISA_EXT_MMX, ZYDIS_ISA_EXT_SSE, ZYDIS_ISA_EXT_SSE2,
        ZYDIS_ISA_EXT_SSE3, ZYDIS_ISA_EXT_SSSE3, ZYDIS_ISA_EXT_SSE4 };
    const auto& info = instruction.info;
    // LDMXCSR may raise #GP, and exceptions afterwards.
    return info.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY && info.mnemonic != ZYDIS_MNEMONIC_LDMXCSR
        && std::ranges::find(sets, info.meta.isa_ext) != sets.end();
}

bool is_general_register(const ZydisDecodedOperand& operand)
{
    if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER)
        return false;
    auto kind = ZydisRegisterGetClass(operand.reg.value);
    return kind == ZYDIS_REGCLASS_GPR8 || kind == ZYDIS_REGCLASS_GPR16 || kind == ZYDIS_REGCLASS_GPR32;
}

// The number of the one operand in memory that the instruction spells out.
std::optional<unsigned> memory_operand(const Instruction& instruction)
{
    for (unsigned index = 0; index < instruction.info.operand_count; ++index) {
        const auto& operand = instruction.operands[index];
        if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.mem.type == ZYDIS_MEMOP_TYPE_MEM
            && operand.encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM && operand.size >= 8 && operand.size / 8u <= page_size)
            return index;
    }
    return std::nullopt;
}

// The sizes of values. An environment has 14, 28, 94, 108 or 512 bytes.
bool is_value(const ZydisDecodedOperand& operand)
{
    constexpr std::array sizes { 8, 16, 32, 64, 80, 128 };
    return std::ranges::find(sizes, operand.size) != sizes.end();
}

bool can_be_lent(const Instruction& instruction, unsigned operand)
{
    return is_floating(instruction) && is_value(instruction.operands[operand])
        && std::ranges::none_of(instruction.all_operands(), is_general_register);
}

// SDM 2A table 2-15: 16 bytes lie at a multiple of 16, but for the instructions that are made for others; FXSAVE's image too.
bool must_be_aligned(const Instruction& instruction, unsigned bytes)
{
    constexpr unsigned fxsave_bytes = 512;
    constexpr std::array made_for_others { ZYDIS_MNEMONIC_MOVUPS, ZYDIS_MNEMONIC_MOVUPD, ZYDIS_MNEMONIC_MOVDQU,
        ZYDIS_MNEMONIC_LDDQU, ZYDIS_MNEMONIC_PCMPISTRM, ZYDIS_MNEMONIC_PCMPISTRI };
    return instruction.info.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY && (bytes == sse_bytes || bytes == fxsave_bytes)
        && std::ranges::find(made_for_others, instruction.info.mnemonic) == made_for_others.end();
}

// SDM 2A "LDMXCSR", "FXRSTOR": a reserved bit raises #GP(0).
bool loads_reserved_bits(Execution& execution, const Place& place)
{
    auto mnemonic = execution.instruction.info.mnemonic;
    if (mnemonic != ZYDIS_MNEMONIC_LDMXCSR && mnemonic != ZYDIS_MNEMONIC_FXRSTOR)
        return false;
    constexpr uint32_t reserved = 0xFFFF0000;
    std::size_t offset = mnemonic == ZYDIS_MNEMONIC_FXRSTOR ? 24 : 0;
    uint32_t mxcsr = 0;
    if (!place.host)
        return false;
    std::memcpy(&mxcsr, place.host + offset, sizeof(mxcsr));
    return mxcsr & reserved;
}

MaybeFault find_operand(Execution& execution, unsigned index, Access access, Place& place)
{
    const auto& operand = execution.operand(index);
    unsigned bytes = operand.size / 8u;
    auto segment = segment_of(operand);
    uint32_t offset = effective_offset(execution.state, execution.instruction, operand);
    if (auto fault = check_segment_access(execution.state, segment, offset, bytes, access))
        return fault;
    uint32_t address = execution.state.segment(segment).base + offset;
    if (must_be_aligned(execution.instruction, bytes) && address % sse_bytes != 0)
        return execution.fault(GP);
    if (auto fault = execution.find_memory(segment, offset, bytes, access, place))
        return fault;
    return loads_reserved_bits(execution, place) ? MaybeFault { execution.fault(GP) } : std::nullopt;
}

}

Emulated emulate_floating(Engine& engine, CpuState& state, const Instruction& instruction, FloatingUnit& unit)
{
    Emulated result { .outcome = Emulated::Outcome::Unsupported };
    auto index = memory_operand(instruction);
    if (!index)
        return result;
    Execution execution(engine, state, instruction, result);
    bool writes = execution.operand(*index).actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
    Place place;
    if (auto fault = find_operand(execution, *index, writes ? Access::Write : Access::Read, place)) {
        result.outcome = Emulated::Outcome::Fault;
        result.fault = *fault;
        return result;
    }
    if (!can_be_lent(instruction, *index) || !unit.accepts(instruction))
        return result;
    alignas(sse_bytes) std::array<std::byte, sse_bytes> buffer {};
    std::span operand = std::span { buffer }.first(place.bytes);
    if (!writes)
        execution.load_bytes(place, operand);
    unit.execute(instruction, operand, state);
    if (writes)
        execution.store_bytes(place, operand);
    result.outcome = Emulated::Outcome::Done;
    state.eip = execution.next_eip;
    state.interrupt_shadow = false;
    state.eflags &= ~eflags::rf;
    return result;
}

}
