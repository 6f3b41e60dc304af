// The tables of a comparison, as cells of text, for the formats that are read by people and have room.
#pragma once

#include "core/session/comparison.hpp"
#include "core/trace/style.hpp"

#include <string>
#include <vector>

namespace ringside {

struct TextTable {
    std::vector<std::string> heading;
    std::vector<std::vector<std::string>> rows;
};

TextTable strategies_table(const Comparison& comparison, const Style& style);
TextTable runs_table(const Comparison& comparison, const Style& style);
TextTable parts_table(const Comparison& comparison, const Style& style);
// Changes of the ring in which the guest believes to be, from each to each; no rows where there was none.
TextTable rings_table(const Comparison& comparison, const Style& style);
TextTable exits_table(const ComparisonRow& row, const Style& style);
TextTable host_table(const Comparison& comparison);
TextTable missing_table(const Comparison& comparison);

}
