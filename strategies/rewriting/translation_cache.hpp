// The blocks that have been translated, where they lie, and how they hang together.
//
// A block stays as long as its source does. It is *active* while the guest's page tables show its frame at its address: only
// active blocks are in the entry tables and are linked to. When the address space changes, blocks of pages that now mean
// something else become dormant, and wake when the page is back: so address spaces share what they have in common.
//
// Links and entry tables lead to active blocks only; whoever makes a block dormant or dead takes them back.
#pragma once

#include "core/trace/recorder.hpp"
#include "strategies/rewriting/block.hpp"
#include "strategies/rewriting/translation_events.hpp"
#include "strategies/rewriting/translator.hpp"

#include <array>
#include <memory>
#include <unordered_map>
#include <vector>

namespace ringside::rewriting {

struct CacheCounters {
    uint64_t blocks = 0;             // translated
    uint64_t instructions = 0;       // in them
    uint64_t by_treatment[treatment_count] = {};
    uint64_t source_bytes = 0;
    uint64_t host_bytes = 0;
    uint64_t links = 0;              // branches led to their targets
    uint64_t entries = 0;            // blocks put into an entry table
    uint64_t dormant = 0;            // blocks taken out because the address space changed
    uint64_t invalidated = 0;        // blocks that were given up, most because their source changed
    uint64_t flushes = 0;            // the cache was emptied, most often because it was full
};

class TranslationCache {
public:
    TranslationCache(MonitorArea& area, Recorder& recorder);

    // Empties it.
    void clear();

    // An active block, or null.
    Block* active(uint32_t eip, CodeRing ring);
    // A block for this key and mode, active or not; null if there is none. One that `checks` is not taken for one that
    // does not.
    Block* find(const BlockKey& key, ControlMode mode, bool checks);
    // Translates and keeps. The block is dormant. Everything else may have been emptied to make room: true in `emptied`.
    Block& translate(TranslationRequest request, bool& emptied);

    void activate(Block& block);
    void deactivate(Block& block);
    void kill(Block& block, InvalidationCause cause); // and forget
    void discard(Block& block);                       // the same for one that nothing could be made of

    // The branch of site `site` of `from` goes to `to` from now on. True if code was changed.
    bool link(Block& from, uint16_t site, Block& to);

    Block* block(BlockId id) const { return id > 0 && id <= m_blocks.size() ? m_blocks[id - 1].get() : nullptr; }
    // The block whose translation, alive or dead, lies at this address of the window; null if none does.
    const Block* at(uint32_t host) const;

    // Alive ones.
    std::vector<Block*> of_frame(uint32_t frame);
    // Active ones.
    std::vector<Block*> depending_on_mode();
    bool any_depends_on_mode() const { return m_active_depending != 0; }

    const CacheCounters& counters() const { return m_counters; }
    const std::vector<std::unique_ptr<Block>>& blocks() const { return m_blocks; }

private:
    struct Half {
        uint32_t next = 0;                // where the next block goes
        std::vector<BlockId> by_address; // ascending
    };
    struct Recent {
        uint32_t eip = 0;
        BlockId id = 0;
    };

    static std::size_t index(CodeRing ring) { return ring == CodeRing::Ring3; }
    static uint64_t key_of(uint32_t eip, CodeRing ring) { return uint64_t { eip } << 1 | index(ring); }
    void begin();
    void begin_half(CodeRing ring);
    void patch(uint32_t displacement_at, uint32_t target);
    void unlink(const Block::Link& link);
    void take_out(Block& block);
    void remove_from_entry(Block& block);
    void allot_records(const Block& block);
    void count(const Block& block);
    uint32_t bytes_in_use() const;

    MonitorArea& m_area;
    TranslationEvents m_events;
    std::vector<std::unique_ptr<Block>> m_blocks;
    std::array<Half, 2> m_halves;
    std::array<std::vector<BlockId>, 2> m_entry_heads; // by the low 16 bits of the guest's address
    std::unordered_map<uint64_t, std::vector<BlockId>> m_by_address;
    std::unordered_map<uint32_t, std::vector<BlockId>> m_by_frame;
    std::vector<BlockId> m_depending_on_mode; // alive
    std::array<std::array<Recent, 4096>, 2> m_recent;
    // Of the SegmentRecords and the CpuidRecords; those of dead blocks come back when the cache is emptied.
    uint16_t m_next_record = 0, m_next_answer = 0;
    unsigned m_active_depending = 0; // blocks that are active and depend on the mode
    CacheCounters m_counters;
};

}
