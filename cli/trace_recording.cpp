#include "cli/trace_recording.hpp"

#include <utility>

namespace ringside {

namespace {

constexpr std::size_t most_early = 1 << 20; // events; setting up a machine records a handful

}

// The header holds the tick of the guest's first instruction, so the file begins with the first events after it.
Result<void> TraceRecording::open(Session& session)
{
    m_header.scale = totals_of(session.trace().block(), 0).scale;
    auto writer = TraceWriter::create(m_path, m_header);
    if (!writer)
        return writer.propagate();
    m_writer.emplace(std::move(*writer));
    return m_writer->append(std::exchange(m_early, {}));
}

Result<void> TraceRecording::append(Session& session, std::span<const EventRecord> events)
{
    if (m_writer)
        return m_writer->append(events);
    m_early.insert(m_early.end(), events.begin(), events.end());
    // A guest that has broken out could keep that tick to itself and record without end.
    if (m_early.size() > most_early)
        return open(session);
    bool is_known = totals_of(session.trace().block(), 0).scale.origin != 0 || m_header.clock == ClockKind::Virtual;
    return is_known ? open(session) : Result<void> {};
}

Result<void> TraceRecording::finish(Session& session)
{
    if (!m_writer) {
        if (auto opened = open(session); !opened)
            return opened;
    }
    return m_writer->finish(totals_of(session.trace().block(), session.end().elapsed));
}

}
