#include "core/trace/export_jsonl.hpp"

#include "core/trace/field_format.hpp"
#include "core/trace/json_text.hpp"

#include <fmt/format.h>
#include <iterator>
#include <ostream>

namespace ringside {

namespace {

std::string field_text(const EventRecord& record)
{
    std::string text;
    for (const auto& field : EventFields(record)) {
        fmt::format_to(std::back_inserter(text), "{}{} ", text.empty() ? "" : ", ", field.name);
        append_field(text, field, record);
    }
    return text;
}

void append_line(std::string& out, const EventRecord& record, const TraceHeader& header)
{
    auto sink = std::back_inserter(out);
    const auto& description = describe(record.kind);
    fmt::format_to(sink, "{{\"time_ns\":{},\"event\":\"{}\"", header.scale.since_origin(record.time), description.name);
    if (description.category == EventCategory::Exit)
        fmt::format_to(sink, ",\"duration_ns\":{}", header.scale.nanoseconds(record.duration));
    fmt::format_to(sink, ",\"virtual_ring\":{},\"real_ring\":\"{}\",\"eip\":{}", record.virtual_ring,
        real_ring_name(record.real_ring), record.eip);
    if (auto symbol = header.symbols.name_of(record.eip); record.eip != 0 && !symbol.empty()) {
        out += ",\"symbol\":";
        append_json_string(out, symbol);
    }
    fmt::format_to(sink, ",\"raw\":{}", record.raw);
    for (const auto& field : EventFields(record))
        fmt::format_to(sink, ",\"{}\":{}", field.name, field.value);
    if (auto text = field_text(record); !text.empty()) {
        out += ",\"text\":";
        append_json_string(out, text);
    }
    out += "}\n";
}

}

Result<void> export_jsonl(TraceReader& reader, std::ostream& out)
{
    std::vector<EventRecord> events;
    std::string lines;
    while (reader.next(events) && out) {
        lines.clear();
        for (const auto& record : events)
            append_line(lines, record, reader.header());
        out.write(lines.data(), static_cast<std::streamsize>(lines.size()));
    }
    return {};
}

}
