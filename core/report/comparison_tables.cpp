#include "core/report/comparison_tables.hpp"

#include "core/report/comparison_words.hpp"
#include "core/trace/time_format.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace ringside {

namespace {

std::vector<std::string> strategy_cells(const ComparisonRow& row, const Style& style)
{
    if (!row.time)
        return { marked_name(row), "not timed" };
    auto time = [&](uint64_t nanoseconds) { return format_duration(nanoseconds, style); };
    std::vector<std::string> cells { marked_name(row), time(row.time->median), time(row.time->minimum),
        time(row.time->lower_quartile), time(row.time->upper_quartile), time(row.time->maximum),
        ratio_text(row.ratio, style), format_count(row.exit_count) };
    if (row.watched)
        cells.push_back(row.watched->rings_unseen ? "-" : format_count(ring_change_count(*row.watched)));
    return cells;
}

} // namespace

TextTable strategies_table(const Comparison& comparison, const Style& style)
{
    TextTable table { { "Strategy", "Median", "Minimum", "Lower quartile", "Upper quartile", "Maximum", "Ratio",
                          "Exits", "Ring changes" },
        {} };
    for (const auto& row : comparison.rows)
        table.rows.push_back(strategy_cells(row, style));
    return table;
}

TextTable runs_table(const Comparison& comparison, const Style& style)
{
    TextTable table { { "Strategy" }, {} };
    for (unsigned run = 1; run <= comparison.runs; ++run)
        table.heading.push_back(fmt::format("Run {}", run));
    for (const auto& row : comparison.rows) {
        auto& cells = table.rows.emplace_back(std::vector { marked_name(row) });
        for (const auto& run : row.runs)
            cells.push_back(format_duration(run.nanoseconds, style));
    }
    return table;
}

TextTable parts_table(const Comparison& comparison, const Style& style)
{
    TextTable table { { "Strategy", "Guest", "Monitor", "Host", "Waiting", "Watched run", "Watched / median" }, {} };
    for (const auto& row : comparison.rows) {
        if (!row.watched)
            continue;
        auto& cells = table.rows.emplace_back(std::vector { marked_name(row) });
        for (const auto& part : time_parts(*row.watched))
            cells.push_back(fmt::format("{} ({})", share_text(part.share), format_duration(part.nanoseconds, style)));
        cells.push_back(format_duration(row.watched->wall, style));
        cells.push_back(ratio_text(cost_of_watching(row), style));
    }
    return table;
}

TextTable rings_table(const Comparison& comparison, const Style& style)
{
    TextTable table { { "Ring changes" }, {} };
    for (const auto& row : comparison.rows) {
        if (row.watched)
            table.rows.push_back({ marked_name(row) });
    }
    for (std::size_t pair = 0; pair < 16; ++pair) {
        std::size_t from = pair / 4, to = pair % 4;
        auto count = [&](const ComparisonRow& row) { return row.watched ? row.watched->ring_entries[from][to] : 0; };
        if (from == to || std::ranges::none_of(comparison.rows, count))
            continue;
        table.heading.push_back(fmt::format("{} {} {}", from, style.arrow(), to));
        auto cells = table.rows.begin();
        for (const auto& row : comparison.rows) {
            if (row.watched)
                (cells++)->push_back(row.watched->rings_unseen ? "-" : format_count(count(row)));
        }
    }
    if (table.heading.size() == 1)
        table.rows.clear();
    return table;
}

TextTable exits_table(const ComparisonRow& row, const Style& style)
{
    TextTable table {
        { "Reason", "Exits", "Share of exits", "Exits, watched", "Monitor's time", "Share of it", "Mean" }, {}
    };
    for (const auto& exit : row.exits) {
        bool waits = exit.kind == EventKind::Halt;
        auto& cells = table.rows.emplace_back(
            std::vector { std::string { describe(exit.kind).name }, format_count(exit.count), share_text(exit.share) });
        if (exit.watched_count == 0 || !exit.timed)
            continue;
        cells.push_back(format_count(exit.watched_count));
        cells.push_back(format_duration(exit.watched_total, style) + (waits ? " (a wait)" : ""));
        cells.push_back(waits ? "-" : share_text(exit.watched_time_share));
        cells.push_back(format_duration(exit.watched_mean, style));
    }
    return table;
}

TextTable host_table(const Comparison& comparison)
{
    TextTable table { { "Taken on", "" }, {} };
    for (const auto& [name, value] : comparison.host)
        table.rows.push_back({ name, value });
    for (const auto& row : comparison.rows)
        table.rows.push_back({ row.strategy, row.detail });
    table.rows.push_back({ "guest memory", fmt::format("{} MiB", comparison.memory_bytes >> 20) });
    table.rows.push_back({ "command line", comparison.command_line.empty() ? "(none)" : comparison.command_line });
    return table;
}

TextTable missing_table(const Comparison& comparison)
{
    TextTable table { { "Missing", "Reason", "Remedy" }, {} };
    for (const auto& missing : comparison.missing)
        table.rows.push_back({ missing.strategy, missing.reason, missing.remedy });
    return table;
}

} // namespace ringside
