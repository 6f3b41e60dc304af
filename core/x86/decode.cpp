#include "core/x86/decode.hpp"

#include "core/x86/linear_memory.hpp"
#include "core/x86/segments.hpp"

#include <algorithm>
#include <utility>

namespace ringside {

namespace {

// SDM 3A §3.4.5: the D flag of CS gives the default operand and address size, the B flag of SS the stack's.
ZydisDecoder decoder_for(const CpuState& state)
{
    ZydisDecoder decoder;
    bool real = !state.protected_mode() || state.virtual_8086();
    if (state.segment(Cs).is_big())
        ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LEGACY_32,
            state.segment(Ss).is_big() ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_16);
    else if (real)
        ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_REAL_16, ZYDIS_STACK_WIDTH_16);
    else
        ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LEGACY_16,
            state.segment(Ss).is_big() ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_16);
    // Prefixes and hints of processors that this one is not (SDM 2A §2.1.1): they are what they were before.
    for (auto newer : { ZYDIS_DECODER_MODE_CET, ZYDIS_DECODER_MODE_MPX, ZYDIS_DECODER_MODE_LZCNT,
             ZYDIS_DECODER_MODE_TZCNT, ZYDIS_DECODER_MODE_WBNOINVD })
        ZydisDecoderEnableMode(&decoder, newer, ZYAN_FALSE);
    return decoder;
}

ZyanStatus decode(const CpuState& state, std::span<const uint8_t> bytes, Instruction& instruction)
{
    ZydisDecoder decoder = decoder_for(state);
    return ZydisDecoderDecodeFull(&decoder, bytes.data(), bytes.size(), &instruction.info, instruction.operands.data());
}

// How many of the next `longest_instruction` bytes lie inside CS.
uint32_t bytes_within_limit(const CpuState& state)
{
    uint32_t count = 0;
    while (count < longest_instruction && within_limit(state.segment(Cs), state.eip + count, 1))
        ++count;
    return count;
}

Fault general_protection(const CpuState& state)
{
    return state.protected_mode() ? fault_with_code(GP, 0) : fault_without_code(GP);
}

// The instruction's bytes as they come in, page by page.
struct Fetch {
    LinearMemory memory;
    const CpuState& state;
    std::array<uint8_t, longest_instruction> buffer {};
    uint32_t count = 0;

    std::span<const uint8_t> bytes() const { return { buffer.data(), count }; }
    // Up to `limit` bytes in all, but not beyond the current page.
    [[nodiscard]] MaybeFault extend(uint32_t limit)
    {
        Gla address = Gla { state.segment(Cs).base } + state.eip + count;
        uint32_t length = std::min(limit - count, page_size - address.page_offset());
        PageWalk walk = walk_pages(
            memory.physical(), state, address, Access::Execute, privilege_of(state), AccessedDirty::Update);
        if (!walk.present)
            return page_fault(walk.error_code, address);
        auto source = std::as_const(memory.physical()).bytes(walk.physical, length);
        for (uint32_t i = 0; i < length; ++i)
            buffer[count + i] = source.empty() ? uint8_t { 0xFF } : std::to_integer<uint8_t>(source[i]);
        count += length;
        return {};
    }
};

// Bytes that do not decode: what that means.
Fault decode_fault(const CpuState& state, ZyanStatus status)
{
    bool too_long = status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG || status == ZYDIS_STATUS_NO_MORE_DATA;
    return too_long ? general_protection(state) : fault_without_code(UD);
}

}

DecodeResult decode_instruction(GuestMemory& memory, const CpuState& state)
{
    DecodeResult result;
    Fetch fetch { LinearMemory(memory, state), state };
    uint32_t limit = bytes_within_limit(state);
    ZyanStatus status = ZYDIS_STATUS_NO_MORE_DATA;
    while (status == ZYDIS_STATUS_NO_MORE_DATA && fetch.count < limit) {
        if ((result.fault = fetch.extend(limit)))
            return result;
        status = decode(state, fetch.bytes(), result.instruction);
    }
    if (!ZYAN_SUCCESS(status))
        result.fault = decode_fault(state, status);
    return result;
}

InstructionDecoder::InstructionDecoder(const CpuState& state) : m_decoder(decoder_for(state))
{
}

bool InstructionDecoder::decode(std::span<const uint8_t> bytes, Operands operands, Instruction& instruction) const
{
    auto& info = instruction.info;
    ZydisDecoderContext context;
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&m_decoder, &context, bytes.data(), bytes.size(), &info)))
        return false;
    if (operands == Operands::Written)
        info.operand_count = info.operand_count_visible;
    for (std::size_t i = info.operand_count; i < instruction.operands.size(); ++i)
        instruction.operands[i].type = ZYDIS_OPERAND_TYPE_UNUSED;
    return info.operand_count == 0
        || ZYAN_SUCCESS(ZydisDecoderDecodeOperands(
            &m_decoder, &context, &info, instruction.operands.data(), info.operand_count));
}

bool decode_bytes(const CpuState& state, std::span<const uint8_t> bytes, Instruction& instruction)
{
    return ZYAN_SUCCESS(decode(state, bytes, instruction));
}

}
