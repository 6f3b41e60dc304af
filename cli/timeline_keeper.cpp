#include "cli/timeline_keeper.hpp"

#include "core/trace/time_format.hpp"
#include "core/trace/timeline.hpp"

#include <fmt/format.h>

namespace ringside {

namespace {

constexpr unsigned rows = 24;
constexpr std::size_t most = 4'000'000; // events: 160 MB

// The changes, and the events that say what caused them.
bool is_told(EventKind kind)
{
    switch (kind) {
    case EventKind::RingChange:
    case EventKind::StrategySwitch:
    case EventKind::SoftwareInterrupt:
    case EventKind::Exception:
    case EventKind::ExternalInterrupt:
    case EventKind::Injection:
    case EventKind::DoubleFault:
        return true;
    default:
        return false;
    }
}

}

void TimelineKeeper::keep(std::span<const EventRecord> events)
{
    for (const auto& event : events) {
        m_last = event;
        if (!m_events.empty() && !is_told(event.kind))
            continue;
        if (m_events.size() < most)
            m_events.push_back(event);
        else
            ++m_left_out;
    }
}

std::string TimelineKeeper::text(const TraceTotals& totals, const Style& style) const
{
    auto events = m_events;
    if (!events.empty() && m_left_out == 0 && m_last != events.back())
        events.push_back(m_last);
    auto text = timeline_text(events, totals.scale, rows, style);
    if (totals.dropped > 0)
        text += fmt::format("  {} events were dropped while recording: there are gaps.\n", format_count(totals.dropped));
    if (m_left_out > 0)
        text += fmt::format("  {} events came too late to be kept: this is the beginning.\n", format_count(m_left_out));
    return text;
}

}
