#include "strategies/rewriting/code_frames.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ringside::rewriting {

namespace {

// Each of them costs a signal and an emulated instruction; a block that compares its source costs some nanoseconds.
constexpr uint32_t most_harmless_writes = 8;

}

CodeFrames::CodeFrames(GuestMemory& memory, VirtualTlb& tlb, TranslationCache& cache)
    : m_memory(memory)
    , m_tlb(tlb)
    , m_cache(cache)
    , m_watched(memory.size())
{
}

CodeFrames::~CodeFrames()
{
    detach();
}

void CodeFrames::attach()
{
    for (const auto& [number, frame] : m_frames) {
        if (m_watched.watches(number))
            (void)kill_changed(number);
    }
    m_memory.set_watch(&m_watched);
}

void CodeFrames::detach()
{
    m_memory.set_watch(nullptr);
}

bool CodeFrames::begin_translation(uint32_t frame)
{
    Frame& known = m_frames[frame];
    if (known.mixed)
        return true;
    if (!m_watched.watches(frame)) {
        m_watched.watch(frame, true);
        m_tlb.write_protect(frame);
    }
    return false;
}

bool CodeFrames::settle_touched()
{
    bool changed = false;
    uint64_t last = UINT64_MAX;
    for (uint32_t number : m_watched.take_touched()) {
        if (std::exchange(last, number) == number || !m_watched.watches(number))
            continue;
        if (kill_changed(number)) {
            changed = true;
            continue;
        }
        Frame& frame = m_frames[number];
        if (++frame.harmless > most_harmless_writes) {
            become_mixed(number, frame);
            changed = true;
        }
    }
    return changed;
}

// A frame without code is an ordinary one again.
bool CodeFrames::kill_changed(uint32_t frame)
{
    bool changed = false, any_left = false;
    for (Block* block : m_cache.of_frame(frame)) {
        if (same_source(*block)) {
            any_left = true;
            continue;
        }
        m_cache.kill(*block, InvalidationCause::SourceWritten);
        changed = true;
    }
    if (!any_left)
        m_watched.watch(frame, false);
    return changed;
}

bool CodeFrames::same_source(const Block& block) const
{
    const GuestMemory& memory = m_memory;
    uint32_t offset = block.key.eip % page_size;
    std::size_t first = std::min<std::size_t>(block.source.size(), page_size - offset);
    auto now = memory.bytes(Gpa { uint64_t { block.key.frame } * page_size + offset }, first);
    if (std::memcmp(now.data(), block.source.data(), first) != 0)
        return false;
    if (!block.crosses)
        return true;
    auto rest = memory.bytes(Gpa { uint64_t { block.second_frame } * page_size }, block.source.size() - first);
    return std::memcmp(rest.data(), block.source.data() + first, rest.size()) == 0;
}

void CodeFrames::become_mixed(uint32_t number, Frame& frame)
{
    frame.mixed = true;
    for (Block* block : m_cache.of_frame(number))
        m_cache.kill(*block, InvalidationCause::MixedPage);
    m_watched.watch(number, false);
}

bool CodeFrames::open(uint32_t frame)
{
    if (!m_watched.watches(frame))
        return false;
    become_mixed(frame, m_frames[frame]);
    return true;
}

void CodeFrames::source_changed(Block& block)
{
    if (!same_source(block))
        m_cache.kill(block, InvalidationCause::SourceWritten);
}

void CodeFrames::forget()
{
    for (const auto& [number, frame] : m_frames)
        m_watched.watch(number, false);
    m_frames.clear();
}

}
