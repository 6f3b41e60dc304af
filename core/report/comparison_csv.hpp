// A comparison for spreadsheets and statistics programs: one figure a record, so that everything has its place and can
// be filtered and pivoted.
#pragma once

#include "core/session/comparison.hpp"

#include <string>

namespace ringside {

// guest,strategy,section,item,figure,value
//   section  host, result, time, run, exit, ring-change, part, operation, missing
//   item     within the section: a reason for exits, the number of a run, ...
// Times in nanoseconds (the figure's name ends with _ns), shares from 0 to 1.
std::string comparison_csv(const Comparison& comparison);

} // namespace ringside
