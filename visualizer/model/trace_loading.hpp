// A trace file, opened into an event store.
#pragma once

#include "core/result.hpp"
#include "core/trace/trace_file.hpp"
#include "visualizer/model/event_store.hpp"

#include <optional>
#include <string>

namespace ringside::visualizer {

struct LoadedTrace {
    TraceHeader header;
    EventStore events;                 // what is whole of them; their scale is the file's
    std::optional<TraceTotals> totals; // nothing when the end is missing
    TraceEnding ending;
    uint64_t unknown_events = 0; // of kinds that this version does not know: left out
    uint64_t file_size = 0;      // bytes

    // One sentence that says what is lost, "" if nothing is: bytes behind the last whole block, events that the recorder
    // dropped, kinds that are not known.
    std::string losses() const;
};

// An Error unless the file's header is whole. What is behind a damaged place is not read.
Result<LoadedTrace> load_trace(const std::string& path);

}
