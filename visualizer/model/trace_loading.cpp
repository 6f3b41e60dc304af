#include "visualizer/model/trace_loading.hpp"

#include "core/trace/time_format.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <utility>
#include <vector>

namespace ringside::visualizer {

std::string LoadedTrace::losses() const
{
    std::vector<std::string> parts;
    if (ending.kind != TraceEnding::Kind::Complete) {
        auto lost = file_size > ending.offset ? file_size - ending.offset : 0;
        parts.push_back(fmt::format("{}: {} events are whole, {} bytes behind them cannot be read, the totals are missing",
            ending.message, format_count(events.size()), format_count(lost)));
    }
    if (totals && totals->dropped > 0)
        parts.push_back(fmt::format("{} events were dropped while recording", format_count(totals->dropped)));
    if (unknown_events > 0)
        parts.push_back(fmt::format("{} events of unknown kinds are left out", format_count(unknown_events)));
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
    trace.unknown_events = reader->unknown_events();
    std::error_code error;
    auto size = std::filesystem::file_size(path, error);
    trace.file_size = error ? trace.ending.offset : size;
    return trace;
}

}
