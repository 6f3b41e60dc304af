// The figures of `nanobench` beside those of the paper, as tables.
#pragma once

#include "core/report/comparison_tables.hpp"
#include "core/session/nano_figures.hpp"

#include <string>

namespace ringside {

// "26.4", "1,234"; "-" for none.
std::string ticks_text(const std::optional<double>& ticks);

TextTable nano_table(const NanoComparison& nano);
// Without rows when the ways were not measured.
TextTable time_stamp_table(const NanoComparison& nano);
// What each row is about.
std::vector<std::string> nano_legend();
// What a tick is, and whose the paper's columns are.
std::string nano_sentence(const NanoComparison& nano);

}
