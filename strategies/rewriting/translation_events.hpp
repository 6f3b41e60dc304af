// What the trace hears of translations (core/trace/events.inc). An event that nobody records costs a counter.
#pragma once

#include "core/trace/recorder.hpp"
#include "strategies/rewriting/block.hpp"

#include <cstddef>
#include <cstdint>

namespace ringside::rewriting {

class TranslationEvents {
public:
    explicit TranslationEvents(Recorder& recorder) : m_recorder(recorder) { }

    void translated(const Block& block);
    void chained(const Block& from, const Block& to);
    void invalidated(const Block& block, InvalidationCause cause);
    void emptied(std::size_t blocks, uint32_t bytes);
    // `address`: of the page.
    void dormant(uint32_t address, CodeRing ring, uint32_t frame, std::size_t blocks);
    void awake(uint32_t address, CodeRing ring, uint32_t frame);

private:
    void tell(CodeRing ring, uint32_t eip, EventRecord record);

    Recorder& m_recorder;
};

}
