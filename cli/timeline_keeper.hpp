// `--timeline`: what a picture of a run's ring changes needs of its events, kept until the run is over.
#pragma once

#include "core/trace/event.hpp"
#include "core/trace/style.hpp"
#include "core/trace/totals.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ringside {

class TimelineKeeper {
public:
    void keep(std::span<const EventRecord> events);
    // At most 80 columns; ends with '\n'. Says so when the recorder dropped events, or more came than are kept.
    std::string text(const TraceTotals& totals, const Style& style) const;

private:
    std::vector<EventRecord> m_events;
    EventRecord m_last; // of all, so that the last stretch ends when the run did
    uint64_t m_left_out = 0;
};

}
