// The table with which a run ends under a strategy that is not equivalent to a real PC: which instructions answered
// otherwise, what a real ring 0 gives, what the guest got, and why.
#pragma once

#include "core/machine/strategy.hpp"
#include "core/trace/style.hpp"

#include <span>
#include <string>

namespace ringside {

// Several lines, none wider than 80 columns; "" for no rows.
std::string discrepancy_table(std::span<const Discrepancy> rows, const Style& style);

}
