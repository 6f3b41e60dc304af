// The durations of exits as bars, by powers of two of ticks, on an axis that all rows of a table share.
#pragma once

#include "visualizer/app/context.hpp"
#include "visualizer/model/exit_ledger.hpp"

#include <string>

namespace ringside::visualizer {

// From the shortest duration of any row to the longest.
struct HistogramAxis {
    std::size_t first = 0; // buckets; `last` is part of it
    std::size_t last = 0;
    bool empty = true;

    void include(const ExitLedger& ledger);
};

// "60 ns .. 2.1 ms"
std::string axis_words(const HistogramAxis& axis, const TickScale& scale);
// At the cursor, as an item over the width that is left; its tooltip says the numbers.
void draw_histogram(const Context& context, const LedgerRow& row, const HistogramAxis& axis, const TickScale& scale, const Look& look);

}
