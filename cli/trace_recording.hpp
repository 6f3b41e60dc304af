// A run's events on their way into a trace file.
#pragma once

#include "core/machine/kernel_symbols.hpp"
#include "core/session/session.hpp"
#include "core/trace/trace_file.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ringside {

class TraceRecording {
public:
    // `header.scale` is filled in here.
    TraceRecording(std::string path, TraceHeader header)
        : m_path(std::move(path))
        , m_header(std::move(header))
    {
    }

    Result<void> append(Session& session, std::span<const EventRecord> events);
    Result<void> finish(Session& session);
    uint64_t events() const { return m_writer ? m_writer->events_written() : 0; }

private:
    Result<void> open(Session& session);

    std::string m_path;
    TraceHeader m_header;
    std::optional<TraceWriter> m_writer;
    std::vector<EventRecord> m_early;
};

}
