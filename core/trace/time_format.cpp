#include "core/trace/time_format.hpp"

#include <fmt/format.h>

namespace ringside {

std::string format_duration(uint64_t nanoseconds, const Style& style)
{
    auto value = static_cast<double>(nanoseconds);
    if (nanoseconds < 1'000)
        return fmt::format("{} ns", nanoseconds);
    if (nanoseconds < 999'995) // what rounds to 1000.00 belongs to the next unit
        return fmt::format("{:.2f} {}", value / 1e3, style.microsecond());
    if (nanoseconds < 999'995'000)
        return fmt::format("{:.2f} ms", value / 1e6);
    return fmt::format("{:.2f} s", value / 1e9);
}

std::string format_moment(int64_t nanoseconds)
{
    constexpr double widest = 9999.9995;
    double milliseconds = static_cast<double>(nanoseconds) / 1e6;
    return milliseconds < widest ? fmt::format("{:.3f} ms", milliseconds) : fmt::format("{:.3f} s", milliseconds / 1e3);
}

std::string format_count(uint64_t count)
{
    std::string digits = std::to_string(count);
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), 1, ',');
    return digits;
}

}
