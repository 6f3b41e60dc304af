// One guest under several strategies, side by side: what was found out. Everything that shows a comparison
// (core/report) shows this, and nothing else.
//
// Two kinds of runs, because looking at a guest slows it down. *Timed* runs only count exits; all times between first
// instruction and end come from them. One *watched* run of each strategy, which is never counted as a time, has the
// clock read at each exit and sees each change of ring: from it come durations of exits, ring changes, and the split of
// time into guest, monitor, host and waiting. Under some strategies being watched costs much, because what the guest
// otherwise does by itself then comes to the monitor (docs/CAVEATS.md); `watched->wall` beside the median says how
// much.
#pragma once

#include "core/machine/strategy.hpp"
#include "core/result.hpp"
#include "core/session/nano_figures.hpp"
#include "core/trace/statistics.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ringside {

// Nanoseconds. A quartile lies between two runs where it does not fall on one.
struct Spread {
    uint64_t minimum = 0;
    uint64_t lower_quartile = 0;
    uint64_t median = 0;
    uint64_t upper_quartile = 0;
    uint64_t maximum = 0;
    bool operator==(const Spread&) const = default;
};

enum class Verdict : uint8_t {
    AsExpected, // outcome and console are what they should be
    Documented, // the scenario says that the guest ends otherwise under this strategy, and why; it did as it says
    Different,  // outcome or console are not what they should be
    Failed,     // the run could not be started, took too long, or its worker died
};
std::string_view verdict_name(Verdict verdict); // "as expected", "documented", "different", "failed"

// A timed run.
struct ComparedRun {
    uint64_t nanoseconds = 0; // from the guest's first instruction to its end
    std::string debug_output; // what it wrote to port 0xE9
};

// One reason for exits, in both kinds of runs.
struct ComparedExit {
    EventKind kind = EventKind::Count_;
    uint64_t count = 0;         // in the timed run that took the median time
    double share = 0;           // of that run's exits
    uint64_t watched_count = 0; // as are the rest: of the watched run
    uint64_t watched_total = 0; // nanoseconds
    uint64_t watched_mean = 0;
    double watched_time_share = 0; // of the monitor's time; 0 for HLT
    bool timed = true;             // false: nobody could time them, and the three above are 0
    bool operator==(const ComparedExit&) const = default;
};

struct ComparisonRow {
    std::string strategy;
    std::string idea;
    std::string detail;       // what the strategy runs on here
    bool paravirtual = false; // it boots the ported kernel
    Verdict verdict = Verdict::Failed;
    std::string outcome;             // how the warm-up ended, in a word
    std::string reason;              // why it is not as expected; the scenario's own words where it is documented
    std::string console;             // of the warm-up
    std::vector<ComparedRun> runs;   // in the order of time; empty when the guest did not get that far
    std::optional<Spread> time;      // of `runs`
    double ratio = 0;                // to the least median of all rows; 0 without a time
    uint64_t exit_count = 0;         // in the timed run that took the median time
    std::vector<ComparedExit> exits; // the most frequent first
    std::optional<Statistics> watched;
    std::optional<Error> not_started; // the warm-up could not even begin

    bool good() const { return verdict == Verdict::AsExpected || verdict == Verdict::Documented; }
};

// A strategy that there is, but not here; or that has no kernel of this guest.
struct MissingStrategy {
    std::string strategy;
    std::string reason;
    std::string remedy;
};

struct Comparison {
    std::string guest;
    std::string title;        // one line for people, or ""
    std::string command_line; // of the kernel
    uint64_t memory_bytes = 0;
    unsigned runs = 0;                                     // timed ones, of each strategy
    std::vector<std::pair<std::string, std::string>> host; // what the figures were taken on: name and value
    std::vector<ComparisonRow> rows;                       // in the order in which people should meet strategies
    std::vector<MissingStrategy> missing;
    bool interrupted = false;       // there is less in it than was asked for
    std::string unconfined_because; // as Session has it, of any of the runs
    std::optional<NanoComparison> nano; // what single operations cost, where the guest has measured it
};

// The row with the least median; null when nothing was timed.
const ComparisonRow* fastest(const Comparison& comparison);
// The largest ratio; 0 when nothing was timed.
double largest_ratio(const Comparison& comparison);
// True when no row is Different or Failed.
bool all_as_expected(const Comparison& comparison);
// Why no strategy could even begin: the guest is at fault, not a strategy. Null if one could.
const Error* nothing_started(const Comparison& comparison);
// The largest share of a watched run in which the guest waited for interrupts; 0..1. No strategy shortens that.
double largest_wait(const Comparison& comparison);
// How many times as long as the median run the watched one took; 0 when there is none.
double cost_of_watching(const ComparisonRow& row);
// False where being watched has changed the run so much that its parts say little about the timed ones.
bool parts_are_typical(const ComparisonRow& row);

} // namespace ringside
