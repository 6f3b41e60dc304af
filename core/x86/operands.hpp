// What an instruction's operands name: registers, and the offset of a memory operand in its segment.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/x86/decode.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace ringside {

// The bytes of a general register of 8, 16 or 32 bits inside `state`; null for any other name.
std::byte* register_bytes(CpuState& state, ZydisRegister name);

// A general register's value, zero-extended; 0 for any other name (an absent base or index).
uint32_t register_value(const CpuState& state, ZydisRegister name);

// The register as a segment register, or nothing.
std::optional<SegmentRegister> segment_register(ZydisRegister name);

// The segment that a memory operand lies in: the register's default, or the prefix's.
inline SegmentRegister segment_of(const ZydisDecodedOperand& operand)
{
    return segment_register(operand.mem.segment).value_or(Ds);
}

// Base + index * scale + displacement, wrapped to the address size (SDM 1 §3.7.5).
uint32_t effective_offset(const CpuState& state, const Instruction& instruction, const ZydisDecodedOperand& operand);

// The mask of the address size, which is also that of ECX, ESI and EDI in string instructions and loops.
inline uint32_t address_mask(const Instruction& instruction)
{
    return instruction.info.address_width == 16 ? 0xFFFF : 0xFFFFFFFF;
}

}
