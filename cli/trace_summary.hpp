// `ringside trace FILE --summary`: what a trace says, in one table; the twin of the visualizer's view of exits.
#pragma once

#include "cli/terminal.hpp"

#include <string>

namespace ringside {

// Prints it to standard output, as text of 80 columns or as JSON; returns the exit code. A trace that is cut short is
// summed up as far as it goes; that is said, and is no success.
int show_trace_summary(const std::string& path, bool json, ColorChoice color);

}
