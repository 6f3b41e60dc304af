#include "core/trace/export_chrome.hpp"

#include "core/trace/field_format.hpp"
#include "core/trace/json_text.hpp"
#include "core/trace/ring_spans.hpp"

#include <fmt/format.h>
#include <iterator>
#include <ostream>

namespace ringside {

namespace {

enum class Track : unsigned { VirtualRing = 1, RealRing, Exits, Interrupts, Machine };

constexpr std::pair<Track, std::string_view> tracks[] {
    { Track::VirtualRing, "virtual ring" },
    { Track::RealRing, "real ring" },
    { Track::Exits, "exits (the monitor)" },
    { Track::Interrupts, "interrupts" },
    { Track::Machine, "machine and devices" },
};

Track track_of(EventCategory category)
{
    switch (category) {
    case EventCategory::Exit:
        return Track::Exits;
    case EventCategory::Ring:
        return Track::VirtualRing;
    case EventCategory::Interrupt:
        return Track::Interrupts;
    default:
        return Track::Machine;
    }
}

class ChromeWriter {
public:
    ChromeWriter(const TraceHeader& header, std::ostream& out) : m_header(header), m_out(out) { }

    void begin()
    {
        m_text += "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n";
        name_track("process_name", 0, fmt::format("{} under {}", m_header.scenario, m_header.strategy));
        for (const auto& [track, name] : tracks) {
            name_track("thread_name", static_cast<unsigned>(track), name);
            start_object();
            fmt::format_to(sink(),
                "\"ph\":\"M\",\"name\":\"thread_sort_index\",\"pid\":1,\"tid\":{0},\"args\":{{\"sort_index\":{0}}}}}",
                static_cast<unsigned>(track));
        }
    }

    void event(const EventRecord& record)
    {
        ring_slice(Track::VirtualRing, m_virtual.feed(record));
        ring_slice(Track::RealRing, m_real.feed(record));
        const auto& description = describe(record.kind);
        if (description.category == EventCategory::Ring)
            return; // drawn as the slice that it begins
        if (description.category == EventCategory::Exit)
            start_slice(Track::Exits, description.name, record.time, record.duration);
        else
            start_instant(track_of(description.category), description.name, record.time);
        arguments(record);
        m_text += '}';
    }

    void end()
    {
        ring_slice(Track::VirtualRing, m_virtual.finish());
        ring_slice(Track::RealRing, m_real.finish());
        m_text += "\n]}\n";
        flush();
    }

    void flush()
    {
        m_out.write(m_text.data(), static_cast<std::streamsize>(m_text.size()));
        m_text.clear();
    }

private:
    std::back_insert_iterator<std::string> sink() { return std::back_inserter(m_text); }

    void start_object()
    {
        m_text += m_first ? "{" : ",\n{";
        m_first = false;
    }

    void name_track(std::string_view what, unsigned track, std::string_view name)
    {
        start_object();
        fmt::format_to(sink(), "\"ph\":\"M\",\"name\":\"{}\",\"pid\":1,\"tid\":{},\"args\":{{\"name\":", what, track);
        append_json_string(m_text, name);
        m_text += "}}";
    }

    void start_slice(Track track, std::string_view name, uint64_t begin, uint64_t ticks)
    {
        start_object();
        fmt::format_to(
            sink(), "\"ph\":\"X\",\"name\":\"{}\",\"pid\":1,\"tid\":{},\"ts\":", name, static_cast<unsigned>(track));
        append_microseconds(m_text, m_header.scale.since_origin(begin));
        m_text += ",\"dur\":";
        append_microseconds(m_text, static_cast<int64_t>(m_header.scale.nanoseconds(ticks)));
    }

    void start_instant(Track track, std::string_view name, uint64_t time)
    {
        start_object();
        fmt::format_to(sink(), "\"ph\":\"i\",\"s\":\"t\",\"name\":\"{}\",\"pid\":1,\"tid\":{},\"ts\":", name,
            static_cast<unsigned>(track));
        append_microseconds(m_text, m_header.scale.since_origin(time));
    }

    void ring_slice(Track track, const std::optional<RingSpan>& span)
    {
        if (!span)
            return;
        auto name = track == Track::RealRing ? std::string(real_ring_name(static_cast<RealRing>(span->ring)))
                                             : fmt::format("ring {}", span->ring);
        start_slice(track, name, span->begin, span->end - span->begin);
        if (span->change.kind < EventKind::Count_)
            arguments(span->change);
        m_text += '}';
    }

    void arguments(const EventRecord& record)
    {
        fmt::format_to(sink(), ",\"args\":{{\"virtual ring\":{},\"real ring\":\"{}\",\"eip\":\"{:#010x}\"",
            record.virtual_ring, real_ring_name(record.real_ring), record.eip);
        if (auto symbol = m_header.symbols.name_of(record.eip); record.eip != 0 && !symbol.empty()) {
            m_text += ",\"symbol\":";
            append_json_string(m_text, symbol);
        }
        for (const auto& field : EventFields(record)) {
            fmt::format_to(sink(), ",\"{}\":", field.name);
            append_json_string(m_text, format_field(field, record));
        }
        m_text += '}';
    }

    const TraceHeader& m_header;
    std::ostream& m_out;
    std::string m_text;
    RingSpans m_virtual { RingSpans::Which::Virtual };
    RingSpans m_real { RingSpans::Which::Real };
    bool m_first = true;
};

}

Result<void> export_chrome(TraceReader& reader, std::ostream& out)
{
    ChromeWriter writer(reader.header(), out);
    writer.begin();
    std::vector<EventRecord> events;
    while (reader.next(events) && out) {
        for (const auto& record : events)
            writer.event(record);
        writer.flush();
    }
    writer.end();
    return {};
}

}
