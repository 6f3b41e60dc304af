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
    std::string losses; // as losses_of() says
};

// What is lost of a trace that was read to its end, in one sentence; "" if nothing is: bytes behind the last whole block,
// events that the recorder dropped, kinds that are not known. `events` is how many were read.
std::string losses_of(const TraceReader& reader, uint64_t events);

// An Error unless the file's header is whole. What is behind a damaged place is not read.
Result<LoadedTrace> load_trace(const std::string& path);

}
