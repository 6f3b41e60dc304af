#include "visualizer/model/trace_loading.hpp"

#include "core/trace/time_format.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <utility>
#include <vector>

namespace ringside::visualizer {

std::string losses_of(const TraceReader& reader, uint64_t events)
{
    std::vector<std::string> parts;
    if (reader.ending().kind != TraceEnding::Kind::Complete) {
        std::error_code error;
        auto size = std::filesystem::file_size(reader.path(), error), read = static_cast<std::uintmax_t>(reader.ending().offset);
        auto lost = !error && size > read ? size - read : 0;
        parts.push_back(fmt::format("{}: {} events are whole, {} bytes behind them cannot be read, the totals are missing",
            reader.ending().message, format_count(events), format_count(lost)));
    }
    if (reader.totals() && reader.totals()->dropped > 0)
        parts.push_back(fmt::format("{} events were dropped while recording", format_count(reader.totals()->dropped)));
    if (reader.unknown_events() > 0)
        parts.push_back(fmt::format("{} events of unknown kinds are left out", format_count(reader.unknown_events())));
    return fmt::format("{}", fmt::join(parts, "; "));
}

Result<LoadedTrace> load_trace(const std::string& path)
{
    auto reader = TraceReader::open(path);
    if (!reader)
        return reader.propagate();
    LoadedTrace trace;
    trace.header = reader->header();
    trace.events.set_scale(trace.header.scale);
    std::vector<EventRecord> block;
    while (reader->next(block))
        trace.events.append(block);
    trace.totals = reader->totals();
    trace.ending = reader->ending();
    trace.losses = losses_of(*reader, trace.events.size());
    return trace;
}

}
