#include "strategies/rewriting/listing.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace ringside::rewriting {

namespace {

constexpr std::array treatments { Treatment::Identical, Treatment::ControlFlow, Treatment::Inline, Treatment::Callout };

void name_words(std::vector<Symbol>& places, uint32_t first, std::string_view name, unsigned count)
{
    for (unsigned i = 0; i < count; ++i)
        places.push_back({ std::string(name) + std::to_string(i), first + i * 4, 4 });
}

// Short: the lines that they are in have to fit.
std::vector<Symbol> places_of(const MonitorArea& area)
{
    std::vector<Symbol> places {
        { "monitor", area.gate(), 1 },
        { "saved_ecx", area.slot(offsetof(Slots, ecx)), 4 },
        { "saved_edx", area.slot(offsetof(Slots, edx)), 4 },
        { "target", area.slot(offsetof(Slots, target)), 4 },
        { "site", area.slot(offsetof(Slots, site)), 4 },
        { "saved_code", area.slot(offsetof(Slots, code)), 4 },
        { "interrupts", area.state(offsetof(VirtualState, interrupts)), 4 },
        { "may_go_on", area.state(offsetof(VirtualState, may_go_on)), 4 },
        { "may_go_on+4", area.state(offsetof(VirtualState, may_go_on) + 4), 4 },
        { "may_go_on+8", area.state(offsetof(VirtualState, may_go_on) + 8), 4 },
        { "may_pop", area.state(offsetof(VirtualState, may_pop)), 12 },
        { "flags_difference", area.state(offsetof(VirtualState, flags_difference)), 12 },
        { "real_fs", area.state(offsetof(VirtualState, real_fs)), 2 },
        { "real_gs", area.state(offsetof(VirtualState, real_gs)), 2 },
        { "popf_codes", area.popf_codes(), popf_code_count },
        { "ring0_blocks", area.entry_table(CodeRing::Ring0), 4 },
        { "ring3_blocks", area.entry_table(CodeRing::Ring3), 4 },
        { "not_found", area.code_begin(CodeRing::Ring0), 1 },
        { "not_found", area.code_begin(CodeRing::Ring3), 1 },
    };
    name_words(places, area.state(offsetof(VirtualState, control)), "cr", 5);
    constexpr std::array selectors { "es", "cs", "ss", "ds", "fs", "gs" };
    for (unsigned which = 0; which < selectors.size(); ++which)
        places.push_back({ std::string("selector_") + selectors[which],
            area.state(offsetof(VirtualState, selectors) + which * sizeof(uint32_t)), 4 });
    return places;
}

uint8_t number_of(std::string_view reason, std::vector<std::string>& reasons)
{
    auto found = std::ranges::find(reasons, reason);
    if (found == reasons.end())
        found = reasons.insert(found, std::string(reason));
    return static_cast<uint8_t>(found - reasons.begin());
}

uint16_t stubs_of(const Block& block)
{
    uint16_t first = block.size;
    for (const auto& site : block.sites) {
        if (site.stub != 0)
            first = std::min(first, site.stub);
    }
    return first;
}

TranslatedBlock shown(const Block& block, const MonitorArea& area, std::vector<std::string>& reasons)
{
    TranslatedBlock result;
    result.address = block.key.eip;
    result.host = block.host;
    result.ring = block.key.ring == CodeRing::Ring3 ? 3 : 0;
    result.active = block.active;
    result.body = block.body;
    result.stubs = stubs_of(block);
    result.source = block.source;
    const uint8_t* bytes = area.writable(block.host);
    result.translation.assign(bytes, bytes + block.size);
    for (const auto& instruction : block.instructions)
        result.instructions.push_back({ instruction.guest_offset, instruction.host_offset, instruction.length,
            static_cast<uint8_t>(instruction.treatment), number_of(instruction.reason, reasons) });
    return result;
}

// Several lines of the table of instructions may have one name. The most calls first.
std::vector<CountedInstruction> calling_instructions(const MonitorCalls& calls)
{
    std::vector<CountedInstruction> counted;
    for (std::size_t number = 0; number < instruction_names; ++number) {
        if (calls.by_instruction[number] == 0)
            continue;
        auto name = instruction_name(static_cast<uint8_t>(number));
        auto found = std::ranges::find(counted, name, &CountedInstruction::name);
        if (found == counted.end())
            found = counted.insert(found, { std::string(name), 0 });
        found->calls += calls.by_instruction[number];
    }
    std::ranges::stable_sort(counted, std::ranges::greater {}, &CountedInstruction::calls);
    return counted;
}

void count_calls(const MonitorCalls& calls, TranslationCounters& counters)
{
    counters.unlinked = calls.of(Site::Kind::Exit);
    counters.table_misses = calls.no_entry;
    counters.changed = calls.of(Site::Kind::Changed);
    counters.executed = calls.of(Site::Kind::Emulate);
    counters.refused = calls.of(Site::Kind::Fault);
    counters.retaken = calls.of(Site::Kind::SegmentLoad) + calls.of(Site::Kind::Interrupt)
        + calls.of(Site::Kind::InterruptReturn);
    counters.stops = calls.stops;
    counters.crossings = calls.crossings;
}

}

TranslationListing listing_of(const TranslationCache& cache, const MonitorArea& area, const MonitorCalls& calls)
{
    TranslationListing listing;
    const auto& counters = cache.counters();
    for (auto treatment : treatments) {
        listing.treatments.emplace_back(treatment_name(treatment));
        listing.by_treatment.push_back(counters.by_treatment[static_cast<std::size_t>(treatment)]);
    }
    listing.places = places_of(area);
    listing.counters = { counters.blocks, counters.instructions, counters.source_bytes, counters.host_bytes,
        counters.links, counters.entries, counters.dormant, counters.invalidated, counters.flushes };
    count_calls(calls, listing.counters);
    listing.callers = calling_instructions(calls);
    for (const auto& block : cache.blocks()) {
        if (!block->dead)
            listing.blocks.push_back(shown(*block, area, listing.reasons));
    }
    return listing;
}

}
