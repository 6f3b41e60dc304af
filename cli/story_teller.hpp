// `--story`: every event as a sentence on standard error, as it happens. Times count from the guest's first instruction, so
// what comes before it is kept until that moment is known.
#pragma once

#include "core/machine/clock.hpp"
#include "core/session/session.hpp"
#include "core/trace/style.hpp"
#include "core/trace/symbols.hpp"

#include <span>
#include <vector>

namespace ringside {

class StoryTeller {
public:
    StoryTeller(ClockKind clock, const Style& style) : m_clock(clock), m_style(style) { }

    void tell(Session& session, std::span<const EventRecord> events, const SymbolTable& symbols);

private:
    ClockKind m_clock;
    Style m_style;
    std::vector<EventRecord> m_early;
};

}
