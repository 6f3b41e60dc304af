#include "strategies/rewriting/translation_cache.hpp"

#include "core/verify.hpp"
#include "strategies/rewriting/validator.hpp"

#include <algorithm>
#include <cstring>

namespace ringside::rewriting {

namespace {

constexpr uint32_t body_alignment = 32;
constexpr uint32_t recent_entries = 4096;

}

TranslationCache::TranslationCache(MonitorArea& area, Recorder& recorder) : m_area(area), m_events(recorder)
{
    begin();
}

void TranslationCache::clear()
{
    ++m_counters.flushes;
    m_events.emptied(m_blocks.size(), bytes_in_use());
    begin();
}

void TranslationCache::begin()
{
    m_blocks.clear();
    m_by_address.clear();
    m_by_frame.clear();
    m_depending_on_mode.clear();
    m_active_depending = 0;
    m_next_record = m_next_answer = 0;
    for (auto& recent : m_recent)
        recent.fill({});
    for (auto ring : { CodeRing::Ring0, CodeRing::Ring3 })
        begin_half(ring);
}

void TranslationCache::begin_half(CodeRing ring)
{
    auto stub = no_entry_stub(m_area, ring);
    VERIFY(stub.size() <= no_entry_bytes);
    std::memcpy(m_area.writable(m_area.code_begin(ring)), stub.data(), stub.size());
    auto table = m_area.entry_table_of(ring);
    std::fill(table.begin(), table.end(), m_area.code_begin(ring));
    m_halves[index(ring)] = { m_area.code_begin(ring) + no_entry_bytes, {} };
    m_entry_heads[index(ring)].assign(MonitorArea::entries, 0);
}

Block* TranslationCache::active(uint32_t eip, CodeRing ring)
{
    Recent& recent = m_recent[index(ring)][(eip ^ eip >> 12) % recent_entries];
    Block* candidate = recent.eip == eip ? block(recent.id) : nullptr;
    if (candidate && candidate->active && candidate->key.eip == eip) [[likely]]
        return candidate;
    auto found = m_by_address.find(key_of(eip, ring));
    if (found == m_by_address.end())
        return nullptr;
    for (BlockId id : found->second) {
        if (block(id)->active) {
            recent = { eip, id };
            return block(id);
        }
    }
    return nullptr;
}

Block* TranslationCache::find(const BlockKey& key, ControlMode mode, bool checks)
{
    auto found = m_by_address.find(key_of(key.eip, key.ring));
    if (found == m_by_address.end())
        return nullptr;
    for (BlockId id : found->second) {
        Block* candidate = block(id);
        if (candidate->key.frame == key.frame && (candidate->checks || !checks) && (!candidate->depends_on_mode || candidate->mode == mode))
            return candidate;
    }
    return nullptr;
}

Block& TranslationCache::translate(TranslationRequest request, bool& emptied)
{
    constexpr uint32_t room = longest_translation + 2 * body_alignment;
    emptied = false;
    if (uint64_t { m_halves[index(request.key.ring)].next } + room > m_area.code_end(request.key.ring)) {
        clear();
        emptied = true;
    }
    Half& half = m_halves[index(request.key.ring)];
    request.host = ((half.next + entry_bytes + body_alignment - 1) & ~(body_alignment - 1)) - entry_bytes;
    request.id = static_cast<BlockId>(m_blocks.size() + 1);
    request.first_record = m_next_record;
    request.first_answer = m_next_answer;
    auto made = rewriting::translate(m_area, request);
    VERIFY(made.bytes.size() <= longest_translation && made.block.body == entry_bytes);
    if constexpr (validates_always)
        VERIFY(validate(m_area, request.key.ring, request.host, made.bytes).empty());
    made.block.second_frame = request.second_frame;
    allot_records(made.block);
    std::memcpy(m_area.writable(request.host), made.bytes.data(), made.bytes.size());
    half.next = request.host + static_cast<uint32_t>(made.bytes.size());
    m_blocks.push_back(std::make_unique<Block>(std::move(made.block)));
    half.by_address.push_back(request.id);
    m_by_address[key_of(request.key.eip, request.key.ring)].push_back(request.id);
    m_by_frame[request.key.frame].push_back(request.id);
    if (m_blocks.back()->depends_on_mode)
        m_depending_on_mode.push_back(request.id);
    if (m_blocks.back()->crosses)
        m_by_frame[request.second_frame].push_back(request.id);
    if (!m_blocks.back()->instructions.empty())
        count(*m_blocks.back());
    return *m_blocks.back();
}

// What lies there is nobody's: an untouched record would stand for the null selector, and one from before clear() for what
// another instruction did.
void TranslationCache::allot_records(const Block& block)
{
    for (unsigned count = 0; count < block.records; ++count)
        m_area.segment(m_next_record++).minus_selector = SegmentRecord::no_selector;
    for (unsigned count = 0; count < block.answers; ++count)
        m_area.answer(m_next_answer++).known = 0;
}

void TranslationCache::count(const Block& block)
{
    ++m_counters.blocks;
    m_counters.instructions += block.instructions.size();
    for (const auto& instruction : block.instructions)
        ++m_counters.by_treatment[static_cast<std::size_t>(instruction.treatment)];
    m_counters.source_bytes += block.source.size();
    m_counters.host_bytes += block.size;
    m_events.translated(block);
}

uint32_t TranslationCache::bytes_in_use() const
{
    uint32_t bytes = 0;
    for (auto ring : { CodeRing::Ring0, CodeRing::Ring3 })
        bytes += m_halves[index(ring)].next - m_area.code_begin(ring);
    return bytes;
}

// The code is written through another mapping than it is executed from: the way back to the guest must be a serializing
// one (SDM 3A §8.1.3).
void TranslationCache::patch(uint32_t displacement_at, uint32_t target)
{
    uint32_t relative = target - (displacement_at + 4);
    std::memcpy(m_area.writable(displacement_at), &relative, sizeof(relative));
}

void TranslationCache::activate(Block& block)
{
    if (block.active)
        return;
    block.active = true;
    m_active_depending += block.depends_on_mode;
    ++m_counters.entries;
    uint32_t entry = block.key.eip % MonitorArea::entries;
    BlockId& head = m_entry_heads[index(block.key.ring)][entry];
    block.next_of_entry = head;
    const Block* next = this->block(head);
    patch(block.host + block.chain, next ? next->host : m_area.code_begin(block.key.ring));
    head = block.id;
    m_area.entry_table_of(block.key.ring)[entry] = block.host;
}

void TranslationCache::remove_from_entry(Block& block)
{
    CodeRing ring = block.key.ring;
    uint32_t entry = block.key.eip % MonitorArea::entries;
    const Block* next = this->block(block.next_of_entry);
    uint32_t after = next ? next->host : m_area.code_begin(ring);
    BlockId& head = m_entry_heads[index(ring)][entry];
    if (head == block.id) {
        head = block.next_of_entry;
        m_area.entry_table_of(ring)[entry] = after;
        return;
    }
    Block* before = this->block(head);
    while (before->next_of_entry != block.id)
        before = this->block(before->next_of_entry);
    before->next_of_entry = block.next_of_entry;
    patch(before->host + before->chain, after);
}

void TranslationCache::unlink(const Block::Link& link)
{
    Block* from = block(link.from);
    Site& site = from->sites[link.site];
    site.linked = 0;
    patch(from->host + site.jump, from->host + site.stub);
}

void TranslationCache::deactivate(Block& block)
{
    if (block.active)
        ++m_counters.dormant;
    take_out(block);
}

void TranslationCache::take_out(Block& block)
{
    if (!block.active)
        return;
    block.active = false;
    m_active_depending -= block.depends_on_mode;
    remove_from_entry(block);
    for (const auto& incoming : block.incoming) {
        if (this->block(incoming.from)->sites[incoming.site].linked == block.id)
            unlink(incoming);
    }
    block.incoming.clear();
}

void TranslationCache::kill(Block& block, InvalidationCause cause)
{
    ++m_counters.invalidated;
    m_events.invalidated(block, cause);
    discard(block);
}

// Its translation stays where it is, so that a stop in it can still be understood.
void TranslationCache::discard(Block& block)
{
    take_out(block);
    block.dead = true;
    std::erase(m_by_address[key_of(block.key.eip, block.key.ring)], block.id);
    std::erase(m_by_frame[block.key.frame], block.id);
    if (block.depends_on_mode)
        std::erase(m_depending_on_mode, block.id);
    if (block.crosses)
        std::erase(m_by_frame[block.second_frame], block.id);
}

bool TranslationCache::link(Block& from, uint16_t site, Block& to)
{
    Site& exit = from.sites[site];
    if (exit.kind != Site::Kind::Exit || exit.linked != 0 || from.dead || !to.active || from.key.ring != to.key.ring)
        return false;
    exit.linked = to.id;
    to.incoming.push_back({ from.id, site });
    patch(from.host + exit.jump, to.body_address());
    ++m_counters.links;
    m_events.chained(from, to);
    return true;
}

const Block* TranslationCache::at(uint32_t host) const
{
    for (const auto& half : m_halves) {
        const auto& ids = half.by_address;
        auto behind = std::upper_bound(
            ids.begin(), ids.end(), host, [this](uint32_t address, BlockId id) { return address < block(id)->host; });
        if (behind == ids.begin())
            continue;
        const Block* found = block(*(behind - 1));
        if (host - found->host < found->size)
            return found;
    }
    return nullptr;
}

std::vector<Block*> TranslationCache::of_frame(uint32_t frame)
{
    std::vector<Block*> all;
    if (auto found = m_by_frame.find(frame); found != m_by_frame.end()) {
        for (BlockId id : found->second)
            all.push_back(block(id));
    }
    return all;
}

std::vector<Block*> TranslationCache::depending_on_mode()
{
    std::vector<Block*> all;
    for (BlockId id : m_depending_on_mode) {
        if (block(id)->active)
            all.push_back(block(id));
    }
    return all;
}

}
