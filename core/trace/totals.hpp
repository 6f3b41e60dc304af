// The sums of a run: a plain copy of the counters, for statistics and for the end of a trace file.
#pragma once

#include "core/trace/recorder.hpp"
#include "core/trace/ticks.hpp"

#include <array>
#include <cstdint>

namespace ringside {

struct TraceTotals {
    TickScale scale;
    TickSource tick_source = TickSource::TimeStampCounter;
    std::array<EventCounter, event_kind_count> counters {};
    std::array<std::array<uint64_t, 4>, 4> ring_entries {}; // [from][to]
    bool exact_rings = false; // every ring change was counted, the returns by IRET included
    bool rings_unseen = false; // ring changes that nobody could see happened as well; not kept in files
    uint64_t blocks = 0;      // 0: not counted
    uint64_t dropped = 0;
    uint64_t host = 0;    // ticks that the host took from the guest to the monitor and back; not in any exit
    uint64_t elapsed = 0; // ticks from the origin to the end of the run; 0: not known

    const EventCounter& operator[](EventKind kind) const { return counters[static_cast<std::size_t>(kind)]; }
    EventCounter& operator[](EventKind kind) { return counters[static_cast<std::size_t>(kind)]; }
};

// Copies the counters while the writer may be running; each is whole, though some may be a few events older than
// others. `elapsed`, in ticks, comes from whoever started and ended the run. The origin is the guest's first
// instruction.
TraceTotals totals_of(const TraceBlock& block, uint64_t elapsed);

}
