#include "strategies/rewriting/translation_events.hpp"

namespace ringside::rewriting {

void TranslationEvents::tell(CodeRing ring, uint32_t eip, EventRecord record)
{
    record.virtual_ring = ring == CodeRing::Ring3 ? 3 : 0;
    record.real_ring = RealRing::Ring3;
    record.eip = eip;
    m_recorder.event(record);
}

void TranslationEvents::translated(const Block& block)
{
    tell(block.key.ring, block.key.eip,
        { .kind = EventKind::BlockTranslated,
            .a = block.key.eip,
            .b = block.size,
            .c = static_cast<uint32_t>(block.instructions.size()) });
}

void TranslationEvents::chained(const Block& from, const Block& to)
{
    tell(from.key.ring, from.key.eip, { .kind = EventKind::BlockChained, .a = from.key.eip, .b = to.key.eip });
}

void TranslationEvents::invalidated(const Block& block, InvalidationCause cause)
{
    tell(block.key.ring, block.key.eip,
        { .kind = EventKind::BlockInvalidated,
            .a = block.key.eip,
            .b = block.key.frame,
            .c = static_cast<uint32_t>(cause) });
}

void TranslationEvents::emptied(std::size_t blocks, uint32_t bytes)
{
    tell(CodeRing::Ring0, 0, { .kind = EventKind::TranslationsEmptied, .a = blocks, .b = bytes });
}

void TranslationEvents::dormant(uint32_t address, CodeRing ring, uint32_t frame, std::size_t blocks)
{
    tell(ring, address,
        { .kind = EventKind::CodeDormant, .a = address, .b = frame, .c = static_cast<uint32_t>(blocks) });
}

void TranslationEvents::awake(uint32_t address, CodeRing ring, uint32_t frame)
{
    tell(ring, address, { .kind = EventKind::CodeAwake, .a = address, .b = frame });
}

}
