// Why the monitor works longer for one run than for another: which exits make the difference, and whether they are more or
// dearer.
#pragma once

#include "core/trace/style.hpp"
#include "visualizer/model/exit_ledger.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::visualizer {

struct LedgerDifference {
    struct Part {
        EventKind kind = EventKind::Count_;
        int64_t nanoseconds = 0; // more than in the other
        const LedgerRow* left = nullptr; // nullptr: it did not happen there
        const LedgerRow* right = nullptr;
    };
    int64_t nanoseconds = 0; // that the left one's monitor works longer; the wait in HLT is nobody's work
    std::vector<Part> parts; // of reasons, those that say most about the difference first
};

// Points into both ledgers.
LedgerDifference difference_between(const ExitLedger& left, const ExitLedger& right);

// One sentence for the whole and one for each of the reasons that make most of it, at most three; each ended by '\n'.
std::string difference_text(const ExitLedger& left, std::string_view left_name, const ExitLedger& right,
    std::string_view right_name, const Style& style);

}
