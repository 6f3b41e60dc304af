#include "strategies/rewriting/translator.hpp"

#include "core/x86/decode.hpp"
#include "strategies/rewriting/emission.hpp"

#include <algorithm>
#include <cstddef>

namespace ringside::rewriting {

namespace {

constexpr std::size_t most_instructions = 64;
constexpr std::size_t most_sites = 120;      // an instruction has at most two
constexpr std::size_t most_bytes = 12 * 1024; // an instruction takes at most a kilobyte

// Room that suffices for most blocks.
constexpr std::size_t usual_points = 24, usual_sites = 4, usual_instructions = 12;

struct Decoded {
    Instruction instruction;
    Treated treated;
    uint32_t eip = 0;
    uint16_t offset = 0; // in the source
};

// Flat 32-bit segments, which is all that is translated.
CpuState decoding_state()
{
    CpuState state;
    state.cr0 |= cr0::pe;
    state.segment(Cs).attributes = state.segment(Ss).attributes = Segment::default_big;
    return state;
}

bool writes_memory(const Instruction& instruction)
{
    for (const auto& operand : instruction.all_operands()) {
        if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY && (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
            return true;
    }
    return false;
}

bool is_conditional(const Instruction& instruction)
{
    return instruction.info.meta.category == ZYDIS_CATEGORY_COND_BR;
}

// Whether control never goes from it to the instruction behind.
bool leaves(const Decoded& decoded)
{
    switch (decoded.treated.treatment) {
    case Treatment::Callout:
    case Treatment::Trap:
        return true;
    case Treatment::ControlFlow:
        return !is_conditional(decoded.instruction);
    default:
        return decoded.instruction.info.mnemonic == ZYDIS_MNEMONIC_INT
            || decoded.instruction.info.mnemonic == ZYDIS_MNEMONIC_IRETD;
    }
}

bool ends_block(const Decoded& decoded, bool checks)
{
    return leaves(decoded) || (checks && writes_memory(decoded.instruction));
}

// The instructions of a block, one after the other.
class BlockDecoder {
public:
    explicit BlockDecoder(const TranslationRequest& request) : m_request(request) { }

    // Null behind the last one. It takes the place of the one before.
    const Decoded* next()
    {
        if (m_ended || m_count == most_instructions || m_length >= m_request.in_page || !decode())
            return nullptr;
        m_decoded.treated = treat(m_decoded.instruction, m_request.key.ring == CodeRing::Ring3, m_request.mode);
        m_decoded.eip = m_request.key.eip + m_length;
        if (std::ranges::find(m_request.device_accesses, m_decoded.eip % page_size) != m_request.device_accesses.end())
            m_decoded.treated = treat_device_access(m_decoded.instruction, m_decoded.treated);
        m_decoded.offset = static_cast<uint16_t>(m_length);
        m_length += m_decoded.instruction.length();
        ++m_count;
        m_ended = ends_block(m_decoded, m_request.checks);
        return &m_decoded;
    }
    uint32_t length() const { return m_length; } // of those so far

private:
    bool decode()
    {
        using enum InstructionDecoder::Operands;
        static const InstructionDecoder decoder(decoding_state());
        auto rest = m_request.code.subspan(m_length);
        return decoder.decode(rest.first(std::min<std::size_t>(longest_instruction, rest.size())),
            m_request.checks ? All : Written, m_decoded.instruction);
    }

    const TranslationRequest& m_request;
    Decoded m_decoded;
    uint32_t m_length = 0;
    std::size_t m_count = 0;
    bool m_ended = false;
};

uint32_t length_of(const TranslationRequest& request)
{
    BlockDecoder decoder(request);
    while (decoder.next()) { }
    return decoder.length();
}

// Returns how much of the source is translated.
uint32_t emit_instructions(Emission& emission, Block& block, const TranslationRequest& request)
{
    BlockDecoder decoder(request);
    uint32_t length = 0;
    bool open = true;
    while (const Decoded* decoded = decoder.next()) {
        if (block.sites.size() > most_sites - 2 || emission.offset() > most_bytes)
            break;
        block.depends_on_mode |= decoded->treated.depends_on_mode;
        emission.begin_instruction(decoded->eip);
        block.instructions.push_back({ decoded->offset, emission.offset(), decoded->instruction.length(),
            decoded->treated.treatment, decoded->treated.reason });
        emission.instruction(decoded->instruction, decoded->treated,
            request.code.subspan(decoded->offset, decoded->instruction.length()));
        open = !leaves(*decoded);
        length = decoder.length();
    }
    if (open)
        emission.exit_to(request.key.eip + length);
    return length;
}

}

Translation translate(const MonitorArea& area, const TranslationRequest& request)
{
    Block block;
    block.id = request.id;
    block.key = request.key;
    block.mode = request.mode;
    block.checks = request.checks;
    block.host = request.host;
    block.points.reserve(usual_points);
    block.sites.reserve(usual_sites);
    block.instructions.reserve(usual_instructions);
    auto take_source = [&](uint32_t length) {
        block.source.assign(request.code.begin(), request.code.begin() + length);
    };
    Emission emission(area, block, request.id, request.first_record, request.first_answer);
    emission.entry();
    if (request.checks) {
        take_source(length_of(request));
        emission.check_source();
    }
    uint32_t length = emit_instructions(emission, block, request);
    if (!request.checks)
        take_source(length);
    block.crosses = block.source.size() > request.in_page;
    emission.finish();
    return { std::move(block), { emission.bytes().begin(), emission.bytes().end() } };
}

std::vector<uint8_t> no_entry_stub(const MonitorArea& area, CodeRing ring)
{
    Emitter emitter(0);
    emitter.store_constant(area.slot(offsetof(Slots, site)), no_entry_site(ring));
    emitter.jump_to_monitor(host_code_64, area.gate());
    return { emitter.bytes().begin(), emitter.bytes().end() };
}

}
