// Two guests under the same strategies on one screen: the contrast is the point.
#pragma once

#include "core/session/comparison.hpp"
#include "core/trace/style.hpp"

#include <string>

namespace ringside {

struct Contrast {
    std::string left_heading; // "computing: sieve"
    Comparison left;
    std::string right_heading;
    Comparison right; // whose exits are shown, too
};

// The table with a sentence about each strategy, and what is missing; at most 80 characters wide.
std::string contrast_text(const Contrast& contrast, const Style& style);

}
