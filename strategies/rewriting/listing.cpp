#include "strategies/rewriting/listing.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace ringside::rewriting {

namespace {

constexpr std::array treatments { Treatment::Identical, Treatment::ControlFlow, Treatment::Inline, Treatment::Callout,
    Treatment::Trap };
static_assert(treatments.size() == treatment_count);

void name_words(std::vector<Symbol>& places, uint32_t first, std::string_view name, unsigned count)
{
    for (unsigned i = 0; i < count; ++i)
        places.push_back({ std::string(name) + std::to_string(i), first + i * 4, 4 });
}

struct Field {
    std::string_view name;
    std::size_t offset;
};

constexpr std::array segment_fields {
    Field { "minus_selector", offsetof(SegmentRecord, minus_selector) },
    Field { "where", offsetof(SegmentRecord, descriptor.address) },
    Field { "minus_low", offsetof(SegmentRecord, descriptor.minus_low) },
    Field { "minus_high", offsetof(SegmentRecord, descriptor.minus_high) },
    Field { "selector", offsetof(SegmentRecord, selector) },
    Field { "real", offsetof(SegmentRecord, real) },
    Field { "minus_real", offsetof(SegmentRecord, minus_real) },
};
constexpr std::array gate_fields {
    Field { "known", offsetof(VectorRecord, ready) },
    Field { "where", offsetof(VectorRecord, gate.address) },
    Field { "minus_low", offsetof(VectorRecord, gate.minus_low) },
    Field { "minus_high", offsetof(VectorRecord, gate.minus_high) },
    Field { "handler", offsetof(VectorRecord, handler) },
    Field { "next_if", offsetof(VectorRecord, next_interrupts) },
};
constexpr std::array cpuid_fields {
    Field { "known", offsetof(CpuidRecord, known) },
    Field { "minus_leaf", offsetof(CpuidRecord, minus_leaf) },
    Field { "eax", offsetof(CpuidRecord, eax) },
    Field { "ebx", offsetof(CpuidRecord, ebx) },
    Field { "ecx", offsetof(CpuidRecord, ecx) },
    Field { "edx", offsetof(CpuidRecord, edx) },
};

void name_fields(std::vector<Symbol>& places, uint32_t record, const std::string& name, std::span<const Field> fields)
{
    for (const auto& field : fields)
        places.push_back({ name + "." + std::string(field.name), record + static_cast<uint32_t>(field.offset), 4 });
}

void name_rings(std::vector<Symbol>& places, const MonitorArea& area)
{
    for (unsigned ring : { 0u, 1u }) {
        auto at = [&](std::size_t array) { return area.crossing(array + ring * sizeof(SegmentRecord)); };
        auto number = std::to_string(ring * 3);
        name_fields(places, at(offsetof(CrossingRecord, code)), "cs" + number, segment_fields);
        name_fields(places, at(offsetof(CrossingRecord, stack)), "ss" + number, segment_fields);
    }
}

// The records that the block's own sequences use.
void name_records(std::vector<Symbol>& places, const MonitorArea& area, const Block& block)
{
    for (const auto& site : block.sites) {
        if (site.kind == Site::Kind::SegmentLoad)
            name_fields(places, area.segment(site.record, 0), "load" + std::to_string(site.record), segment_fields);
        if (site.kind == Site::Kind::Interrupt)
            name_fields(places, area.vector(site.vector, 0), "gate" + std::to_string(site.vector), gate_fields);
        if (site.kind == Site::Kind::Identify)
            name_fields(places, area.answer(site.record, 0), "cpuid" + std::to_string(site.record), cpuid_fields);
    }
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
        { "saved_real", area.slot(offsetof(Slots, real)), 4 },
        { "saved_esp", area.slot(offsetof(Slots, esp)), 4 },
        { "user_esp", area.slot(offsetof(Slots, user_esp)), 4 },
        { "crossings", area.slot(offsetof(Slots, crossings)), 4 },
        { "saved_eax", area.slot(offsetof(Slots, eax)), 4 },
        { "saved_code+2", area.slot(offsetof(Slots, code) + 2), 2 },
        { "saved_real+2", area.slot(offsetof(Slots, real) + 2), 2 },
        { "interrupts", area.state(offsetof(VirtualState, interrupts)), 4 },
        { "may_go_on", area.state(offsetof(VirtualState, may_go_on)), 4 },
        { "may_go_on+4", area.state(offsetof(VirtualState, may_go_on) + 4), 4 },
        { "may_go_on+8", area.state(offsetof(VirtualState, may_go_on) + 8), 4 },
        { "may_pop", area.state(offsetof(VirtualState, may_pop)), 12 },
        { "flags_difference", area.state(offsetof(VirtualState, flags_difference)), 12 },
        { "table_bases", area.state(offsetof(VirtualState, table_bases)), 8 },
        { "table_limits", area.state(offsetof(VirtualState, table_limits)), 8 },
        { "records_valid", area.state(offsetof(VirtualState, records_valid)), 4 },
        { "real_fs", area.state(offsetof(VirtualState, real_fs)), 2 },
        { "real_gs", area.state(offsetof(VirtualState, real_gs)), 2 },
        { "popf_codes", area.popf_codes(), popf_code_count },
        { "high_flag_codes", area.high_flag_codes(), high_flag_code_count },
        { "may_set_ts", area.system(offsetof(SystemRecord, ts_is_free)), 4 },
        { "cr0_without_ts", area.system(offsetof(SystemRecord, cr0)), 4 },
        { "minus_cr0", area.system(offsetof(SystemRecord, minus_cr0)), 4 },
        { "ahead_0_15", area.system(offsetof(SystemRecord, time_stamp_offset)), 4 },
        { "ahead_16_31", area.system(offsetof(SystemRecord, time_stamp_offset) + 4), 4 },
        { "ahead_32_63", area.system(offsetof(SystemRecord, time_stamp_offset) + 8), 4 },
        { "may_cross", area.crossing(offsetof(CrossingRecord, enabled)), 4 },
        { "tss", area.crossing(offsetof(CrossingRecord, tss)), 4 },
        { "safe_selectors", area.safe_selectors(), MonitorArea::selectors },
        { "ring0_blocks", area.entry_table(CodeRing::Ring0), 4 },
        { "ring3_blocks", area.entry_table(CodeRing::Ring3), 4 },
        { "not_found", area.code_begin(CodeRing::Ring0), 1 },
        { "not_found", area.code_begin(CodeRing::Ring3), 1 },
    };
    name_words(places, area.state(offsetof(VirtualState, control)), "cr", 5);
    name_rings(places, area);
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
        + calls.of(Site::Kind::InterruptReturn) + calls.of(Site::Kind::Identify);
    counters.stops = calls.stops;
    counters.crossings = calls.crossings;
}

}

TranslationListing listing_of(
    const TranslationCache& cache, const MonitorArea& area, const MonitorCalls& calls, std::optional<uint32_t> around)
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
        if (block->dead || (around && *around - block->key.eip >= block->source.size()))
            continue;
        listing.blocks.push_back(shown(*block, area, listing.reasons));
        name_records(listing.places, area, *block);
    }
    return listing;
}

}
