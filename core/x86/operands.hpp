// The values that an instruction's operands have before it executes.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/x86/decode.hpp"

#include <cstdint>
#include <optional>

namespace ringside {

// A general register of 8, 16 or 32 bits, zero-extended; 0 for any other name (an absent base or index).
uint32_t register_value(const CpuState& state, ZydisRegister name);

// The register as a segment register, or nothing.
std::optional<SegmentRegister> segment_register(ZydisRegister name);

struct MemoryReference {
    SegmentRegister segment = Ds;
    uint32_t offset = 0;
    uint32_t length = 0; // bytes
};

// Where a memory operand lies, with the instruction's own view of it: the slots of a push lie below the stack pointer,
// POP computes its destination after it has moved ESP, XLAT adds AL, and the bit tests with a register as bit offset
// reach beyond the operand (SDM 2A "BT", 2B "POP", 2D "XLAT"). Nothing if the operand is not memory or is not accessed
// (LEA, INVLPG, NOP, PREFETCH).
std::optional<MemoryReference> memory_reference(
    const CpuState& state, const Instruction& instruction, const ZydisDecodedOperand& operand);

// A register, segment register, immediate or memory operand of at most 4 bytes, zero-extended. Nothing if it cannot be
// read.
std::optional<uint32_t> operand_value(
    GuestMemory& memory, const CpuState& state, const Instruction& instruction, const ZydisDecodedOperand& operand);

}
