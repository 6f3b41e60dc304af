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

class BlockDecoder {
public:
    explicit BlockDecoder(const TranslationRequest& request) : m_request(request) { }

    std::vector<Decoded> decode()
    {
        static const CpuState state = decoding_state();
        std::vector<Decoded> all;
        uint32_t offset = 0;
        while (all.size() < most_instructions && offset < m_request.in_page) {
            Decoded next;
            next.eip = m_request.key.eip + offset;
            next.offset = static_cast<uint16_t>(offset);
            auto rest = m_request.code.subspan(offset).first(
                std::min<std::size_t>(longest_instruction, m_request.code.size() - offset));
            if (!decode_bytes(state, rest, next.instruction))
                break;
            next.treated = treat(next.instruction, m_request.key.ring == CodeRing::Ring3, m_request.mode);
            offset += next.instruction.length();
            all.push_back(next);
            if (ends_block(next, m_request.checks))
                break;
        }
        m_length = offset;
        return all;
    }
    uint32_t length() const { return m_length; }

private:
    const TranslationRequest& m_request;
    uint32_t m_length = 0;
};

}

Translation translate(const MonitorArea& area, const TranslationRequest& request)
{
    BlockDecoder decoder(request);
    auto instructions = decoder.decode();

    Block block;
    block.id = request.id;
    block.key = request.key;
    block.mode = request.mode;
    block.checks = request.checks;
    block.crosses = decoder.length() > request.in_page;
    block.host = request.host;
    block.source.assign(request.code.begin(), request.code.begin() + decoder.length());
    Emission emission(area, block, request.id, request.first_record, request.first_answer);
    emission.entry();
    if (request.checks)
        emission.check_source();
    bool open = true;
    for (const auto& decoded : instructions) {
        block.depends_on_mode |= decoded.treated.depends_on_mode;
        if (block.sites.size() > most_sites - 2 || emission.offset() > most_bytes) {
            emission.exit_to(decoded.eip);
            open = false;
            break;
        }
        emission.begin_instruction(decoded.eip);
        block.instructions.push_back({ decoded.offset, emission.offset(), decoded.instruction.length(),
            decoded.treated.treatment, decoded.treated.reason });
        emission.instruction(decoded.instruction, decoded.treated,
            request.code.subspan(decoded.offset, decoded.instruction.length()));
        open = !leaves(decoded);
    }
    if (open)
        emission.exit_to(request.key.eip + decoder.length());
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
