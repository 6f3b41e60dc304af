#include "core/session/listing_codec.hpp"

#include "core/session/outcome.hpp"
#include "core/trace/byte_stream.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ringside {

namespace {

constexpr std::size_t most_names = 256; // an index of one byte
constexpr std::size_t longest_name = 32; // of an instruction: a line has to hold it

void put_bytes(ByteWriter& out, const std::vector<uint8_t>& bytes)
{
    out.put_text({ reinterpret_cast<const char*>(bytes.data()), bytes.size() });
}

std::vector<uint8_t> get_bytes(ByteReader& in)
{
    auto text = in.get_text();
    return { text.begin(), text.end() };
}

void put_texts(ByteWriter& out, const std::vector<std::string>& texts)
{
    out.put(static_cast<uint32_t>(texts.size()));
    for (const auto& text : texts)
        out.put_text(text);
}

std::vector<std::string> get_texts(ByteReader& in)
{
    std::vector<std::string> texts;
    auto count = in.get<uint32_t>();
    for (uint32_t i = 0; i < count && in.ok(); ++i)
        texts.push_back(one_line(in.get_text()));
    return texts;
}

void put(ByteWriter& out, const TranslatedBlock& block)
{
    out.put(block.address);
    out.put(block.host);
    out.put(block.ring);
    out.put(static_cast<uint8_t>(block.active));
    out.put(block.body);
    out.put(block.stubs);
    put_bytes(out, block.source);
    put_bytes(out, block.translation);
    out.put(static_cast<uint32_t>(block.instructions.size()));
    for (const auto& instruction : block.instructions) {
        out.put(instruction.guest_offset);
        out.put(instruction.host_offset);
        out.put(instruction.length);
        out.put(instruction.treatment);
        out.put(instruction.reason);
    }
}

TranslatedBlock get_block(ByteReader& in)
{
    TranslatedBlock block;
    block.address = in.get<uint32_t>();
    block.host = in.get<uint32_t>();
    block.ring = in.get<uint8_t>() & 3u;
    block.active = in.get<uint8_t>() != 0;
    block.body = in.get<uint16_t>();
    block.stubs = in.get<uint16_t>();
    block.source = get_bytes(in);
    block.translation = get_bytes(in);
    auto count = in.get<uint32_t>();
    for (uint32_t i = 0; i < count && in.ok(); ++i) {
        auto& instruction = block.instructions.emplace_back();
        instruction.guest_offset = in.get<uint16_t>();
        instruction.host_offset = in.get<uint16_t>();
        instruction.length = in.get<uint8_t>();
        instruction.treatment = in.get<uint8_t>();
        instruction.reason = in.get<uint8_t>();
    }
    return block;
}

bool is_sound(const TranslatedBlock& block, const TranslationListing& listing)
{
    std::size_t from = block.body;
    for (const auto& instruction : block.instructions) {
        bool sound = instruction.host_offset >= from && instruction.length > 0
            && std::size_t { instruction.guest_offset } + instruction.length <= block.source.size()
            && instruction.treatment < listing.treatments.size() && instruction.reason < listing.reasons.size();
        if (!sound)
            return false;
        from = instruction.host_offset;
    }
    return from <= block.stubs && block.stubs <= block.translation.size();
}

// As they are declared.
template<typename Counters>
auto fields_of(Counters& counters)
{
    return std::array { &counters.blocks, &counters.instructions, &counters.source_bytes, &counters.host_bytes,
        &counters.links, &counters.entries, &counters.dormant, &counters.invalidated, &counters.flushes,
        &counters.unlinked, &counters.table_misses, &counters.changed, &counters.executed, &counters.retaken,
        &counters.refused, &counters.stops, &counters.crossings };
}

}

std::vector<std::byte> encode(const TranslationListing& listing)
{
    ByteWriter out;
    put_texts(out, listing.treatments);
    for (auto count : listing.by_treatment)
        out.put(count);
    put_texts(out, listing.reasons);
    out.put(static_cast<uint32_t>(listing.places.size()));
    for (const auto& place : listing.places) {
        out.put_text(place.name);
        out.put(place.address);
        out.put(place.size);
    }
    for (const auto* counter : fields_of(listing.counters))
        out.put(*counter);
    out.put(static_cast<uint32_t>(listing.callers.size()));
    for (const auto& caller : listing.callers) {
        out.put_text(caller.name);
        out.put(caller.calls);
    }
    out.put(static_cast<uint32_t>(listing.blocks.size()));
    for (const auto& block : listing.blocks)
        put(out, block);
    return { out.bytes().begin(), out.bytes().end() };
}

std::optional<TranslationListing> decode_listing(std::span<const std::byte> bytes)
{
    ByteReader in(bytes);
    TranslationListing listing;
    listing.treatments = get_texts(in);
    for (std::size_t i = 0; i < listing.treatments.size() && in.ok(); ++i)
        listing.by_treatment.push_back(in.get<uint64_t>());
    listing.reasons = get_texts(in);
    auto places = in.get<uint32_t>();
    for (uint32_t i = 0; i < places && in.ok(); ++i) {
        auto name = one_line(in.get_text());
        auto address = in.get<uint32_t>();
        listing.places.push_back({ std::move(name), address, in.get<uint32_t>() });
    }
    for (auto* counter : fields_of(listing.counters))
        *counter = in.get<uint64_t>();
    auto callers = in.get<uint32_t>();
    for (uint32_t i = 0; i < callers && in.ok(); ++i) {
        auto name = one_line(in.get_text());
        listing.callers.push_back({ std::move(name), in.get<uint64_t>() });
    }
    auto blocks = in.get<uint32_t>();
    for (uint32_t i = 0; i < blocks && in.ok(); ++i)
        listing.blocks.push_back(get_block(in));
    bool sound = in.finished() && listing.treatments.size() <= most_names && listing.reasons.size() <= most_names
        && listing.callers.size() <= most_names
        && std::ranges::all_of(listing.callers, [](const auto& one) { return one.name.size() <= longest_name; })
        && std::ranges::all_of(listing.blocks, [&](const auto& block) { return is_sound(block, listing); });
    return sound ? std::optional { std::move(listing) } : std::nullopt;
}

}
