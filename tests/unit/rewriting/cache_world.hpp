// A translation cache of its own, with code to put into it and a trace of what happens to it.
#pragma once

#include "strategies/rewriting/translation_cache.hpp"
#include "tests/catch.hpp"

#include <cstring>
#include <vector>

namespace ringside::test {

class CacheWorld {
public:
    static constexpr uint8_t nop = 0x90, hlt = 0xF4;

    CacheWorld() { trace.block().recording = true; }

    // HLT behind `code`, translated; dormant.
    rewriting::Block& translate(uint32_t eip, std::vector<uint8_t> code = { nop },
        rewriting::CodeRing ring = rewriting::CodeRing::Ring0, bool checks = false)
    {
        bool emptied = false;
        auto& block = translate(eip, std::move(code), ring, checks, emptied);
        REQUIRE_FALSE(emptied);
        return block;
    }
    rewriting::Block& translate(
        uint32_t eip, std::vector<uint8_t> code, rewriting::CodeRing ring, bool checks, bool& emptied)
    {
        code.push_back(hlt);
        rewriting::TranslationRequest request;
        request.key = { eip, eip >> 12, ring };
        request.mode = mode;
        request.checks = checks;
        request.code = code;
        request.in_page = code.size();
        return cache.translate(request, emptied);
    }
    rewriting::Block& activated(uint32_t eip, std::vector<uint8_t> code = { nop },
        rewriting::CodeRing ring = rewriting::CodeRing::Ring0)
    {
        auto& block = translate(eip, std::move(code), ring);
        cache.activate(block);
        return block;
    }

    // Where a jump leads whose displacement lies at this address of the window.
    uint32_t target_at(uint32_t address) const
    {
        uint32_t displacement = 0;
        std::memcpy(&displacement, area.writable(address), sizeof displacement);
        return address + 4 + displacement;
    }
    uint32_t behind(const rewriting::Block& block) const { return target_at(block.host + block.chain); }
    uint32_t target_of(const rewriting::Block& block, uint16_t site) const
    {
        return target_at(block.host + block.sites[site].jump);
    }
    uint32_t entry(uint32_t eip, rewriting::CodeRing ring = rewriting::CodeRing::Ring0) const
    {
        return area.entry_table_of(ring)[eip % rewriting::MonitorArea::entries];
    }
    uint32_t not_found(rewriting::CodeRing ring = rewriting::CodeRing::Ring0) const { return area.code_begin(ring); }

    // What has been recorded since the last call.
    std::vector<EventRecord> events()
    {
        std::vector<EventRecord> recorded;
        trace.drain(recorded);
        return recorded;
    }

    rewriting::MonitorArea area = made(rewriting::MonitorArea::create());
    TraceMemory trace = made(TraceMemory::create(1 << 12, TickSource::Manual, Overflow::Drop));
    Recorder recorder { trace.block() };
    rewriting::TranslationCache cache { area, recorder };
    rewriting::ControlMode mode { .em = false, .ts = false, .mp = false, .osfxsr = true, .tsd = false };

private:
    template<typename Made>
    static Made made(Result<Made> result)
    {
        REQUIRE(result);
        return std::move(*result);
    }
};

// JMP to `to`, as the instruction at `from`.
inline std::vector<uint8_t> jump(uint32_t from, uint32_t to)
{
    uint32_t distance = to - (from + 5);
    std::vector<uint8_t> code { 0xE9 };
    for (unsigned shift = 0; shift < 32; shift += 8)
        code.push_back(static_cast<uint8_t>(distance >> shift));
    return code;
}

// The number of the site that is the block's first direct branch.
inline uint16_t exit_of(const rewriting::Block& block)
{
    for (uint16_t site = 0; site < block.sites.size(); ++site) {
        if (block.sites[site].kind == rewriting::Site::Kind::Exit)
            return site;
    }
    FAIL("the block has no direct branch");
    return 0;
}

}
