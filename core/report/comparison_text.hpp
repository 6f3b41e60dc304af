// A comparison as a table for a terminal.
#pragma once

#include "core/session/comparison.hpp"
#include "core/trace/style.hpp"

#include <string>

namespace ringside {

// Several lines of at most 80 characters, the last ended by '\n'. Control characters of guests and files do not get in.
std::string comparison_text(const Comparison& comparison, const Style& style);

}
