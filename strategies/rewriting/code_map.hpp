// Which frame of guest memory is at which address, for the code that has been translated: the guest's page tables are asked
// once for a page, and again when they may have changed.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/x86/fault.hpp"
#include "strategies/rewriting/translation_cache.hpp"

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace ringside::rewriting {

class CodeMap {
public:
    CodeMap(GuestMemory& memory, TranslationCache& cache, Recorder& recorder)
        : m_memory(memory), m_cache(cache), m_events(recorder)
    {
    }

    struct Found {
        bool is_ram = false;
        uint32_t frame = 0;
    };
    // The page of this address, as the program that is running may execute it; nothing if it may not.
    std::optional<Found> find(const CpuState& state, uint32_t address);

    // `block`, which is active, lies in these pages.
    void add(Block& block);
    // The page tables may say something else now: blocks of pages for which they do become dormant.
    void revalidate(const CpuState& state);
    void revalidate(const CpuState& state, Gla address); // that of this page alone
    // All blocks become dormant.
    void forget();
    // The cache is empty.
    void clear() { m_pages.clear(); }

private:
    struct Page {
        uint32_t frame = 0;
        std::vector<BlockId> blocks;
        bool told = false; // that it is back
    };
    static uint32_t key_of(uint32_t address, CodeRing ring) { return address / page_size << 1 | (ring == CodeRing::Ring3); }
    bool is_valid(const CpuState& state, uint32_t key, const Page& page) const;
    void sleep(uint32_t key, const Page& page);

    GuestMemory& m_memory;
    TranslationCache& m_cache;
    TranslationEvents m_events;
    std::unordered_map<uint32_t, Page> m_pages;
};

}
