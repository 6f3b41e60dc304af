// The sentences and figures of a comparison, as all its reports say them.
#pragma once

#include "core/session/comparison.hpp"
#include "core/trace/style.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ringside {

// "1.00 ×", "45.3 ×", "1,234 ×"; "-" for none.
std::string ratio_text(double ratio, const Style& style);
// "38.2 %"; "< 0.1 %" for what is there but would read as nothing.
std::string share_text(double share);
// "-1 % +4 %": how far the fastest and the slowest run are from the median.
std::string spread_text(const Spread& spread);

// "trap *" where a note tells more.
std::string marked_name(const ComparisonRow& row);

// Every change of ring that the watched run saw.
uint64_t ring_change_count(const Statistics& statistics);

// A part of the watched run's time.
struct TimePart {
    std::string_view name;    // "guest", "monitor", "host", "waiting"
    std::string_view meaning; // for a legend
    uint64_t nanoseconds = 0;
    double share = 0; // 0..1
};
// Always all four, in that order.
std::vector<TimePart> time_parts(const Statistics& statistics);

// "privops: Privileged instructions in ring 0"
std::string comparison_heading(const Comparison& comparison);
// Who was fastest, and how far behind the slowest was.
std::string result_sentence(const Comparison& comparison, const Style& style);
// What the ratios do not tell, where the guest waits much; else "".
std::string waiting_sentence(const Comparison& comparison);
// How times were taken.
std::string times_sentence(const Comparison& comparison);
// Where everything else comes from, and what looking has cost.
std::string watched_sentence(const Comparison& comparison);
// Whether consoles and outcomes were the same.
std::string equality_sentence(const Comparison& comparison);
// "trap *: it ends otherwise, as the scenario says: ..." for each row that is not simply as expected.
std::vector<std::string> row_notes(const Comparison& comparison);
// "hardware is missing: no /dev/kvm. Remedy: ..."
std::vector<std::string> missing_notes(const Comparison& comparison);

// Ratios so far apart that a linear chart shows the small ones as nothing.
inline constexpr double ratio_for_logarithm = 50;

}
