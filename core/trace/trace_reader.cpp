#include "core/trace/byte_stream.hpp"
#include "core/trace/checksum.hpp"
#include "core/trace/trace_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <utility>

namespace ringside {

using namespace trace_format;

namespace {

constexpr uint32_t maximum_kinds = 4096;
constexpr uint64_t maximum_ticks_per_second = 1'000'000'000'000;

EventKind kind_named(std::string_view name)
{
    const auto& all = event_descriptions();
    auto found = std::find_if(all.begin(), all.end(), [&](const auto& d) { return d.name == name; });
    return found == all.end() ? EventKind::Count_ : found->kind;
}

std::vector<EventKind> decode_kinds(ByteReader& in)
{
    std::vector<EventKind> kinds;
    auto count = in.get<uint32_t>();
    if (count > maximum_kinds)
        return kinds;
    for (uint32_t i = 0; i < count && in.ok(); ++i) {
        kinds.push_back(kind_named(in.get_text()));
        for (int skipped = 0; skipped < 4; ++skipped) // the category and the field names, for other readers
            in.get_text();
    }
    return kinds;
}

SymbolTable decode_symbols(ByteReader& in)
{
    std::vector<Symbol> symbols;
    auto count = in.get<uint32_t>();
    for (uint32_t i = 0; i < count && in.ok(); ++i) {
        Symbol symbol;
        symbol.name = in.get_text();
        symbol.address = in.get<uint32_t>();
        symbol.size = in.get<uint32_t>();
        symbols.push_back(std::move(symbol));
    }
    return SymbolTable(std::move(symbols));
}

bool decode_header(ByteReader& in, TraceHeader& header, std::vector<EventKind>& kinds)
{
    header.scale.ticks_per_second = in.get<uint64_t>();
    header.scale.origin = in.get<uint64_t>();
    auto clock = in.get<uint32_t>();
    header.clock = static_cast<ClockKind>(clock);
    header.strategy = in.get_text();
    header.scenario = in.get_text();
    kinds = decode_kinds(in);
    header.symbols = decode_symbols(in);
    return in.finished() && !kinds.empty() && clock <= static_cast<uint32_t>(ClockKind::Virtual)
        && header.scale.ticks_per_second > 0 && header.scale.ticks_per_second <= maximum_ticks_per_second;
}

EventCounter decode_counter(ByteReader& in)
{
    EventCounter counter;
    counter.count = in.get<uint64_t>();
    counter.total = in.get<uint64_t>();
    counter.minimum = in.get<uint64_t>();
    counter.maximum = in.get<uint64_t>();
    return counter;
}

}

Result<TraceReader> TraceReader::open(const std::string& path)
{
    TraceReader reader;
    reader.m_path = path;
    reader.m_file.reset(std::fopen(path.c_str(), "rbe"));
    if (!reader.m_file)
        return fail(ExitCode::BadImage, fmt::format("cannot read the trace {}: {}", path, std::strerror(errno)));
    if (auto read = reader.read_header(); !read)
        return read.propagate();
    return reader;
}

Result<void> TraceReader::read_header()
{
    std::array<std::byte, file_header_size> start {};
    auto size = std::fread(start.data(), 1, start.size(), m_file.get());
    ByteReader in(start);
    if (size < start.size() || in.get<std::array<char, 8>>() != magic)
        return fail(ExitCode::BadImage, fmt::format("{} is not a ringside trace", m_path),
            "traces are written by: ringside run GUEST --trace FILE");
    auto file_version = in.get<uint32_t>();
    if (file_version != version || in.get<uint32_t>() != 0)
        return fail(ExitCode::BadImage,
            fmt::format("{} is a trace of version {}; this program reads version {}", m_path, file_version, version));
    m_offset = size;

    auto block = read_block();
    ByteReader payload(block ? block->payload : std::span<const std::byte> {});
    if (!block || block->type != BlockType::Header || !decode_header(payload, m_header, m_kinds))
        return fail(ExitCode::BadImage, fmt::format("the header of the trace {} is damaged", m_path));
    return {};
}

std::optional<TraceReader::Block> TraceReader::read_block()
{
    std::array<uint32_t, 3> start {}; // type, size, checksum
    auto size = std::fread(start.data(), 1, sizeof start, m_file.get());
    if (size < sizeof start) {
        stop(TraceEnding::Kind::Truncated, "the file ends before the trace does");
        return std::nullopt;
    }
    const std::array<uint32_t, 3> checked { m_next_block, start[0], start[1] };
    if (checked[2] > maximum_payload) {
        stop(TraceEnding::Kind::Damaged, "a block has an impossible size");
        return std::nullopt;
    }
    m_buffer.resize(checked[2]);
    if (std::fread(m_buffer.data(), 1, m_buffer.size(), m_file.get()) < m_buffer.size()) {
        stop(TraceEnding::Kind::Truncated, "the file ends within a block");
        return std::nullopt;
    }
    if (crc32c(m_buffer, crc32c(std::as_bytes(std::span { checked }))) != start[2]) {
        stop(TraceEnding::Kind::Damaged, "the checksum of a block is wrong");
        return std::nullopt;
    }
    ++m_next_block;
    m_offset += sizeof start + m_buffer.size();
    return Block { static_cast<BlockType>(start[0]), m_buffer };
}

bool TraceReader::next(std::vector<EventRecord>& out)
{
    out.clear();
    while (!m_ended) {
        auto block = read_block();
        if (!block)
            return false;
        switch (block->type) {
        case BlockType::Events:
            if (!read_events(block->payload, out))
                return stop(TraceEnding::Kind::Damaged, "a block of events makes no sense");
            if (!out.empty())
                return true;
            break;
        case BlockType::End:
            return read_end(block->payload);
        case BlockType::Header:
        default:
            return stop(TraceEnding::Kind::Damaged, "a block has an unknown type");
        }
    }
    return false;
}

bool TraceReader::read_events(std::span<const std::byte> payload, std::vector<EventRecord>& out)
{
    if (payload.size() % sizeof(EventRecord) != 0)
        return false;
    ByteReader in(payload);
    while (in.remaining() > 0) {
        auto record = in.get<EventRecord>();
        auto number = static_cast<std::size_t>(record.kind);
        record.kind = number < m_kinds.size() ? m_kinds[number] : EventKind::Count_;
        if (is_valid(record))
            out.push_back(record);
        else
            ++m_unknown_events;
    }
    return true;
}

bool TraceReader::read_end(std::span<const std::byte> payload)
{
    ByteReader in(payload);
    TraceTotals totals;
    totals.scale = m_header.scale;
    totals.tick_source = in.get<uint32_t>() == 0 ? TickSource::TimeStampCounter : TickSource::Manual;
    totals.exact_rings = in.get<uint32_t>() != 0;
    totals.blocks = in.get<uint64_t>();
    totals.dropped = in.get<uint64_t>();
    totals.host = in.get<uint64_t>();
    totals.elapsed = in.get<uint64_t>();
    for (auto& row : totals.ring_entries) {
        for (auto& count : row)
            count = in.get<uint64_t>();
    }
    for (auto kind : m_kinds) {
        auto counter = decode_counter(in);
        if (kind < EventKind::Count_)
            totals[kind] = counter;
    }
    if (!in.finished())
        return stop(TraceEnding::Kind::Damaged, "the totals make no sense");
    m_totals = totals;
    if (std::fgetc(m_file.get()) != EOF)
        return stop(TraceEnding::Kind::Damaged, "something follows the end of the trace");
    return stop(TraceEnding::Kind::Complete, {});
}

bool TraceReader::stop(TraceEnding::Kind kind, std::string message)
{
    m_ended = true;
    m_ending = { kind, m_offset, std::move(message) };
    return false;
}

std::vector<EventRecord> read_all(TraceReader& reader)
{
    std::vector<EventRecord> all, block;
    while (reader.next(block))
        all.insert(all.end(), block.begin(), block.end());
    return all;
}

}
