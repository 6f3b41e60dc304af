// What `--stats` prints: the exits by reason, with the columns of `perf kvm stat`, ring changes, and where the time
// went: in the guest, in the monitor, or on the host's way between the two (a signal, an exit through KVM; measured once a
// run, times their number).
//
// Durations are those of the exits' records: from where the monitor took over to where it gave back. The time that a
// guest waits in HLT is shown, but is nobody's work: it is left out of Time% and of the monitor's share. Under the
// virtual clock nothing is timed, and the columns say so.
#pragma once

#include "core/trace/style.hpp"
#include "core/trace/totals.hpp"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace ringside {

struct ExitStatistics {
    EventKind kind = EventKind::Count_;
    uint64_t count = 0;
    double count_share = 0; // of all exits; 0..1
    double time_share = 0;  // of the monitor's time; 0..1; 0 for HLT
    uint64_t total = 0;     // nanoseconds, as are the next three
    uint64_t minimum = 0;
    uint64_t maximum = 0;
    uint64_t mean = 0;
    bool timed = true; // false: nobody has measured these, and the times are 0
};

struct Statistics {
    bool timed = true; // durations and the split of time mean something
    bool exact_rings = false;
    bool rings_unseen = false; // the processor changes rings without telling the monitor
    std::vector<ExitStatistics> exits; // those that happened; the most time first, then the most samples
    uint64_t exit_count = 0;
    std::array<std::array<uint64_t, 4>, 4> ring_entries {}; // [from][to]; boot counts as 0 to 0 and is not shown
    uint64_t blocks = 0;
    uint64_t dropped = 0;
    uint64_t wall = 0;    // nanoseconds, as are the next four; 0: not known
    uint64_t monitor = 0; // exits but HLT
    uint64_t halted = 0;  // HLT
    uint64_t host = 0;    // the host's way from the guest to the monitor and back, where there is one
    uint64_t guest = 0;   // the rest
    std::vector<std::pair<EventKind, uint64_t>>
        other_events; // those that happened and are neither exit nor ring change
};

Statistics statistics_of(const TraceTotals& totals);
inline Statistics statistics_of(const TraceBlock& block, uint64_t elapsed_ticks)
{
    return statistics_of(totals_of(block, elapsed_ticks));
}

// Several lines, the last ended by '\n'; no line is wider than 80 columns.
std::string statistics_text(const Statistics& statistics, const Style& style);

// Times in nanoseconds; shares from 0 to 1; what is not measured is null.
nlohmann::json statistics_json(const Statistics& statistics);

}
