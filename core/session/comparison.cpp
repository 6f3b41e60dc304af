#include "core/session/comparison.hpp"

#include <algorithm>
#include <array>

namespace ringside {

std::string_view verdict_name(Verdict verdict)
{
    constexpr std::array<std::string_view, 4> names { "as expected", "documented", "different", "failed" };
    return names[static_cast<std::size_t>(verdict)];
}

const ComparisonRow* fastest(const Comparison& comparison)
{
    const ComparisonRow* found = nullptr;
    for (const auto& row : comparison.rows) {
        if (row.time && (!found || row.time->median < found->time->median))
            found = &row;
    }
    return found;
}

double largest_ratio(const Comparison& comparison)
{
    double largest = 0;
    for (const auto& row : comparison.rows)
        largest = std::max(largest, row.ratio);
    return largest;
}

bool all_as_expected(const Comparison& comparison)
{
    return std::ranges::all_of(comparison.rows, &ComparisonRow::good);
}

const Error* nothing_started(const Comparison& comparison)
{
    auto has_not = [](const ComparisonRow& row) { return row.not_started.has_value(); };
    bool none = !comparison.rows.empty() && std::ranges::all_of(comparison.rows, has_not);
    return none ? &*comparison.rows.front().not_started : nullptr;
}

double largest_wait(const Comparison& comparison)
{
    double largest = 0;
    for (const auto& row : comparison.rows) {
        if (row.watched && row.watched->wall > 0)
            largest = std::max(largest, static_cast<double>(row.watched->halted) / static_cast<double>(row.watched->wall));
    }
    return largest;
}

double cost_of_watching(const ComparisonRow& row)
{
    if (!row.watched || !row.time || row.time->median == 0)
        return 0;
    return static_cast<double>(row.watched->wall) / static_cast<double>(row.time->median);
}

bool parts_are_typical(const ComparisonRow& row)
{
    constexpr double largest_cost = 2;
    return row.watched && cost_of_watching(row) < largest_cost;
}

}
