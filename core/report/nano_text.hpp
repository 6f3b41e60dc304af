// The figures of `nanobench` beside those of the paper, for a terminal.
#pragma once

#include "core/session/nano_figures.hpp"
#include "core/trace/style.hpp"

#include <string>

namespace ringside {

// In lines of at most 80 characters.
std::string nano_text(const NanoComparison& nano, const Style& style);

}
