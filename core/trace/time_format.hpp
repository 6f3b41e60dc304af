// Times and counts as people read them.
#pragma once

#include "core/trace/style.hpp"

#include <cstdint>
#include <string>

namespace ringside {

// A length of time with its unit: "640 ns", "12.35 µs", "3.20 ms", "1.50 s".
std::string format_duration(uint64_t nanoseconds, const Style& style);

// A moment: "12.345 ms", in milliseconds up to ten seconds, so that moments in a column compare at a glance.
std::string format_moment(int64_t nanoseconds);

// "1,234,567"
std::string format_count(uint64_t count);

}
