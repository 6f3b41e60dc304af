// The frames of guest memory that translated code came from. Writes to them are noticed: the frames are mapped read-only for
// the guest (VirtualTlb), and the monitor's own writes are noted (WatchedFrames). A frame that is written often without
// harm to its code holds data as well: it may be written then, and its blocks compare their source at each entry.
#pragma once

#include "core/machine/guest_memory.hpp"
#include "strategies/native/virtual_tlb.hpp"
#include "strategies/rewriting/translation_cache.hpp"

#include <cstdint>
#include <unordered_map>

namespace ringside::rewriting {

class CodeFrames {
public:
    CodeFrames(GuestMemory& memory, VirtualTlb& tlb, TranslationCache& cache);
    ~CodeFrames();

    // While somebody else runs the guest writes are not noticed. attach() compares what has been translated.
    void attach();
    void detach();

    const WatchedFrames& watched() const { return m_watched; }

    // Whether blocks of this frame must compare their source. From now on writes to it are noticed, if not.
    bool begin_translation(uint32_t frame);

    // Blocks whose source was written are killed. True if there are any.
    bool settle_writes()
    {
        return m_watched.any_touched() && settle_touched();
    }
    // The frame may be written by the guest itself. False if it may already.
    bool open(uint32_t frame);
    // The source of this block is not what it was.
    void source_changed(Block& block);

    // The cache is empty.
    void forget();

private:
    struct Frame {
        bool mixed = false;
        uint32_t harmless = 0; // writes that changed no code
    };

    bool settle_touched();
    bool kill_changed(uint32_t frame);
    void become_mixed(uint32_t number, Frame& frame);
    bool same_source(const Block& block) const;

    GuestMemory& m_memory;
    VirtualTlb& m_tlb;
    TranslationCache& m_cache;
    WatchedFrames m_watched;
    std::unordered_map<uint32_t, Frame> m_frames;
};

}
