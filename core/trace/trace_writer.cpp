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

void encode_kinds(ByteWriter& out)
{
    out.put(static_cast<uint32_t>(event_kind_count));
    for (const auto& description : event_descriptions()) {
        out.put_text(description.name);
        out.put_text(event_category_name(description.category));
        for (auto field : description.fields)
            out.put_text(field);
    }
}

// As many symbols as fit the block beside the rest of the header; a larger table is cut.
void encode_symbols(ByteWriter& out, const SymbolTable& table)
{
    constexpr std::size_t most_bytes = maximum_payload / 2;
    const auto& symbols = table.symbols();
    std::size_t bytes = 0, count = 0;
    while (count < symbols.size() && bytes + symbols[count].name.size() + 12 <= most_bytes)
        bytes += symbols[count++].name.size() + 12;
    out.put(static_cast<uint32_t>(count));
    for (const auto& symbol : std::span { symbols }.first(count)) {
        out.put_text(symbol.name);
        out.put(symbol.address);
        out.put(symbol.size);
    }
}

ByteWriter encode_header(const TraceHeader& header)
{
    ByteWriter out;
    out.put(header.scale.ticks_per_second);
    out.put(header.scale.origin);
    out.put(static_cast<uint32_t>(header.clock));
    out.put_text(header.strategy);
    out.put_text(header.scenario);
    encode_kinds(out);
    encode_symbols(out, header.symbols);
    return out;
}

ByteWriter encode_totals(const TraceTotals& totals)
{
    ByteWriter out;
    out.put(static_cast<uint32_t>(totals.tick_source));
    out.put(static_cast<uint32_t>(totals.exact_rings));
    out.put(totals.blocks);
    out.put(totals.dropped);
    out.put(totals.host);
    out.put(totals.elapsed);
    for (const auto& row : totals.ring_entries) {
        for (auto count : row)
            out.put(count);
    }
    for (const auto& counter : totals.counters) {
        out.put(counter.count);
        out.put(counter.total);
        out.put(counter.minimum);
        out.put(counter.maximum);
    }
    return out;
}

}

Result<TraceWriter> TraceWriter::create(const std::string& path, const TraceHeader& header)
{
    TraceWriter writer;
    writer.m_path = path;
    writer.m_file.reset(std::fopen(path.c_str(), "wbe"));
    if (!writer.m_file)
        return fail(ExitCode::BadImage, fmt::format("cannot write the trace {}: {}", path, std::strerror(errno)),
            "choose a file in a directory that you may write to");
    writer.m_pending.reserve(events_per_block);

    ByteWriter start;
    start.put(magic);
    start.put(version);
    start.put(uint32_t { 0 });
    auto written = writer.write(start.bytes().data(), start.bytes().size());
    if (written)
        written = writer.write_block(BlockType::Header, encode_header(header).bytes());
    if (!written)
        return written.propagate();
    return writer;
}

Result<void> TraceWriter::append(std::span<const EventRecord> events)
{
    m_events += events.size();
    while (!events.empty()) {
        auto count = std::min(events.size(), events_per_block - m_pending.size());
        m_pending.insert(m_pending.end(), events.begin(), events.begin() + static_cast<std::ptrdiff_t>(count));
        events = events.subspan(count);
        if (m_pending.size() < events_per_block)
            break;
        if (auto written = write_pending(); !written)
            return written;
    }
    return {};
}

Result<void> TraceWriter::finish(const TraceTotals& totals)
{
    auto written = m_pending.empty() ? Result<void> {} : write_pending();
    if (written)
        written = write_block(BlockType::End, encode_totals(totals).bytes());
    if (!written)
        return written;
    if (std::fclose(m_file.release()) != 0)
        return fail(ExitCode::BadImage, fmt::format("cannot write the trace {}: {}", m_path, std::strerror(errno)));
    return {};
}

Result<void> TraceWriter::write_pending()
{
    auto written = write_block(BlockType::Events, std::as_bytes(std::span { m_pending }));
    m_pending.clear();
    return written;
}

Result<void> TraceWriter::write(const void* data, std::size_t size)
{
    if (m_file && std::fwrite(data, 1, size, m_file.get()) == size)
        return {};
    return fail(ExitCode::BadImage, fmt::format("cannot write the trace {}: {}", m_path, std::strerror(errno)));
}

Result<void> TraceWriter::write_block(BlockType type, std::span<const std::byte> payload)
{
    const std::array<uint32_t, 3> checked { m_next_block, static_cast<uint32_t>(type),
        static_cast<uint32_t>(payload.size()) };
    uint32_t checksum = crc32c(payload, crc32c(std::as_bytes(std::span { checked })));
    const std::array<uint32_t, 3> start { checked[1], checked[2], checksum };
    ++m_next_block;
    auto written = write(start.data(), sizeof start);
    return written ? write(payload.data(), payload.size()) : written;
}

}
