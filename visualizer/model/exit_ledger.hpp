// What exits cost: by reason, how often, how long, and how the durations are distributed; for a whole run or for a range
// of it, and for two runs column by column. The sums come from EventStore::exits(), or from events as they are read.
#pragma once

#include "core/trace/style.hpp"
#include "core/trace/ticks.hpp"
#include "visualizer/model/exit_sums.hpp"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace ringside::visualizer {

// Times in nanoseconds. The wait in HLT is nobody's work: it has no share of the time.
struct LedgerRow {
    EventKind kind = EventKind::Count_;
    uint64_t count = 0;
    double count_share = 0; // of all exits; 0..1
    double time_share = 0;  // of the monitor's time; 0..1; 0 for HLT
    uint64_t total = 0;
    uint64_t minimum = 0;
    uint64_t mean = 0;
    uint64_t maximum = 0;
    DurationHistogram histogram {}; // by powers of two of ticks
};

struct ExitLedger {
    bool timed = true; // false: the virtual clock measures no durations, and the times are 0
    TickScale scale;   // of the histograms' buckets
    std::vector<LedgerRow> rows; // of what happened; the most time first, HLT last
    uint64_t exits = 0;
    uint64_t monitor = 0; // nanoseconds, HLT left out; overlaps counted as often as they occur
    uint64_t halted = 0;

    const LedgerRow* find(EventKind kind) const;
};

ExitLedger ledger_of(const ExitSums& sums, const TickScale& scale, bool timed = true);

// Two ledgers beside each other: a row for each reason that either has, ordered by what it cost both.
struct LedgerComparison {
    struct Row {
        EventKind kind = EventKind::Count_;
        const LedgerRow* left = nullptr; // nullptr: it did not happen there
        const LedgerRow* right = nullptr;
    };
    std::vector<Row> rows;
};
// Points into both ledgers.
LedgerComparison compare_ledgers(const ExitLedger& left, const ExitLedger& right);

// Several lines of at most 80 columns, the last ended by '\n'.
std::string ledger_text(const ExitLedger& ledger, const Style& style);
std::string comparison_text(const ExitLedger& left, std::string_view left_name, const ExitLedger& right,
    std::string_view right_name, const Style& style);

// Times in nanoseconds, shares from 0 to 1; what is not measured is null.
nlohmann::json ledger_json(const ExitLedger& ledger);
nlohmann::json comparison_json(const ExitLedger& left, const ExitLedger& right);

}
