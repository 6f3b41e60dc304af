#include "visualizer/model/ledger_difference.hpp"

#include "core/trace/time_format.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

namespace ringside::visualizer {

namespace {

constexpr std::size_t most_parts = 3;

int64_t total_of(const LedgerRow* row) { return row ? static_cast<int64_t>(row->total) : 0; }

std::string amount(int64_t nanoseconds, const Style& style)
{
    return format_duration(static_cast<uint64_t>(std::abs(nanoseconds)), style);
}

std::string side_words(const LedgerRow* row, const Style& style)
{
    return row ? fmt::format("{} of {}", format_count(row->count), format_duration(row->mean, style)) : "none";
}

std::string part_text(const LedgerDifference::Part& part, std::string_view left_name, std::string_view right_name, const Style& style)
{
    return fmt::format("{}: {} {}. Under {}: {}; under {}: {}.\n", describe(part.kind).name, amount(part.nanoseconds, style),
        part.nanoseconds >= 0 ? "more" : "less", left_name, side_words(part.left, style), right_name, side_words(part.right, style));
}

}

LedgerDifference difference_between(const ExitLedger& left, const ExitLedger& right)
{
    LedgerDifference difference;
    for (const auto& row : compare_ledgers(left, right).rows) {
        if (row.kind == EventKind::Halt)
            continue;
        auto more = total_of(row.left) - total_of(row.right);
        difference.nanoseconds += more;
        difference.parts.push_back({ row.kind, more, row.left, row.right });
    }
    // What points the same way as the whole says why; the rest stands behind.
    bool is_longer = difference.nanoseconds >= 0;
    std::ranges::stable_sort(difference.parts, std::ranges::greater {},
        [&](const LedgerDifference::Part& part) { return is_longer ? part.nanoseconds : -part.nanoseconds; });
    return difference;
}

std::string difference_text(const ExitLedger& left, std::string_view left_name, const ExitLedger& right,
    std::string_view right_name, const Style& style)
{
    if (!left.timed || !right.timed)
        return "Durations are not measured under the virtual clock.\n";
    auto difference = difference_between(left, right);
    auto text = fmt::format("The monitor works {} {} under {} than under {}: {} against {}.\n", amount(difference.nanoseconds, style),
        difference.nanoseconds >= 0 ? "longer" : "shorter", left_name, right_name, format_duration(left.monitor, style),
        format_duration(right.monitor, style));
    std::size_t told = 0;
    for (const auto& part : difference.parts) {
        bool explains = part.nanoseconds != 0 && (part.nanoseconds > 0) == (difference.nanoseconds >= 0);
        if (!explains || ++told > most_parts)
            break;
        text += part_text(part, left_name, right_name, style);
    }
    return text;
}

}
