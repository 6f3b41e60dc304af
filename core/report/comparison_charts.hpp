// The charts of a comparison, as HTML. Those of times are linear, and begin at 0; dots on a logarithmic axis come beside
// them where ratios are so large that a linear one shows nothing of the small times.
#pragma once

#include "core/session/comparison.hpp"

#include <string>

namespace ringside {

std::string times_chart(const Comparison& comparison);
std::string logarithmic_times_chart(const Comparison& comparison);
// Where each watched run spent its time.
std::string parts_chart(const Comparison& comparison);
// The reasons for one strategy's exits that count: the most frequent and the most costly.
std::string exits_chart(const ComparisonRow& row);

}
