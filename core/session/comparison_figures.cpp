#include "core/session/comparison_figures.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ringside {

namespace {

uint64_t quantile(const std::vector<uint64_t>& sorted, double part)
{
    double place = part * static_cast<double>(sorted.size() - 1);
    auto below = static_cast<std::size_t>(place);
    if (below + 1 >= sorted.size())
        return sorted.back();
    double beyond = place - static_cast<double>(below);
    return sorted[below]
        + static_cast<uint64_t>(std::llround(beyond * static_cast<double>(sorted[below + 1] - sorted[below])));
}

ComparedExit& entry_of(EventKind kind, std::vector<ComparedExit>& exits)
{
    auto found = std::ranges::find(exits, kind, &ComparedExit::kind);
    if (found != exits.end())
        return *found;
    exits.push_back({ .kind = kind });
    return exits.back();
}

} // namespace

std::optional<Spread> spread_of(std::vector<uint64_t> times)
{
    if (times.empty())
        return std::nullopt;
    std::ranges::sort(times);
    return Spread { times.front(), quantile(times, 0.25), quantile(times, 0.5), quantile(times, 0.75), times.back() };
}

std::size_t median_run(const std::vector<ComparedRun>& runs)
{
    if (runs.empty())
        return 0;
    std::vector<std::size_t> order(runs.size());
    std::iota(order.begin(), order.end(), std::size_t { 0 });
    std::ranges::stable_sort(order, {}, [&](std::size_t run) { return runs[run].nanoseconds; });
    return order[(order.size() - 1) / 2];
}

std::vector<ComparedExit> merge_exits(const Statistics& timed, const std::optional<Statistics>& watched)
{
    std::vector<ComparedExit> exits;
    for (const auto& exit : timed.exits) {
        auto& entry = entry_of(exit.kind, exits);
        entry.count = exit.count;
        entry.share = exit.count_share;
    }
    if (watched) {
        for (const auto& exit : watched->exits) {
            auto& entry = entry_of(exit.kind, exits);
            entry.watched_count = exit.count;
            entry.watched_total = exit.total;
            entry.watched_mean = exit.mean;
            entry.watched_time_share = exit.time_share;
            entry.timed = exit.timed;
        }
    }
    std::ranges::stable_sort(exits, [](const ComparedExit& a, const ComparedExit& b) {
        return a.count != b.count ? a.count > b.count : a.watched_count > b.watched_count;
    });
    return exits;
}

void set_ratios(Comparison& comparison)
{
    const auto* best = fastest(comparison);
    for (auto& row : comparison.rows) {
        bool known = best && row.time && best->time->median > 0;
        row.ratio = known ? static_cast<double>(row.time->median) / static_cast<double>(best->time->median) : 0.0;
    }
}

} // namespace ringside
