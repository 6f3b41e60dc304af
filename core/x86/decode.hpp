// Fetching and decoding the guest's next instruction, at CS:EIP, through its segment and page tables.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/x86/fault.hpp"

#include <Zydis/Zydis.h>

#include <array>
#include <cstdint>
#include <span>

namespace ringside {

inline constexpr unsigned longest_instruction = 15; // SDM 2A §2.3.11

struct Instruction {
    ZydisDecodedInstruction info;
    std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;

    uint8_t length() const { return info.length; }
    // The written ones first, then those that the instruction implies.
    std::span<const ZydisDecodedOperand> all_operands() const { return { operands.data(), info.operand_count }; }
};

// `fault` is empty if the instruction was decoded. Otherwise it is what the processor raises: #PF or #GP(0) of the
// fetch (beyond the limit of CS, or more than 15 bytes), #UD for bytes that are no instruction.
struct DecodeResult {
    MaybeFault fault {};
    Instruction instruction;
};

// The second page of an instruction that might cross a page boundary is asked for only if the bytes on the first are
// not enough.
DecodeResult decode_instruction(GuestMemory& memory, const CpuState& state);

// For many instructions in one mode, that of the guest's CS and SS.
class InstructionDecoder {
public:
    enum class Operands : uint8_t { All, Written };

    explicit InstructionDecoder(const CpuState& state);
    // As decode_bytes(). With Written those that the instruction implies are left out, as if it had none.
    bool decode(std::span<const uint8_t> bytes, Operands operands, Instruction& instruction) const;

private:
    ZydisDecoder m_decoder;
};

// Decodes bytes that the caller already has, in the mode of the guest's CS. False if they are no complete instruction.
bool decode_bytes(const CpuState& state, std::span<const uint8_t> bytes, Instruction& instruction);

}
