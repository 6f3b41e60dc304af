#include "core/report/comparison_json.hpp"

#include "core/report/comparison_words.hpp"

namespace ringside {

namespace {

nlohmann::json time_json(const std::optional<Spread>& time)
{
    if (!time)
        return nullptr;
    return { { "minimum", time->minimum }, { "lower_quartile", time->lower_quartile }, { "median", time->median },
        { "upper_quartile", time->upper_quartile }, { "maximum", time->maximum } };
}

nlohmann::json runs_json(const std::vector<ComparedRun>& runs)
{
    auto list = nlohmann::json::array();
    for (const auto& run : runs)
        list.push_back({ { "time_ns", run.nanoseconds }, { "debug_output", run.debug_output } });
    return list;
}

nlohmann::json exits_json(const std::vector<ComparedExit>& exits)
{
    auto list = nlohmann::json::array();
    for (const auto& exit : exits) {
        bool waits = exit.kind == EventKind::Halt;
        auto measured = [&](auto value) { return exit.timed ? nlohmann::json(value) : nlohmann::json(); };
        list.push_back({ { "name", describe(exit.kind).name }, { "count", exit.count }, { "share", exit.share },
            { "watched_count", exit.watched_count }, { "watched_total_ns", measured(exit.watched_total) },
            { "watched_mean_ns", measured(exit.watched_mean) },
            { "watched_time_share", waits ? nlohmann::json() : measured(exit.watched_time_share) } });
    }
    return list;
}

nlohmann::json row_json(const ComparisonRow& row)
{
    return {
        { "strategy", row.strategy },
        { "idea", row.idea },
        { "detail", row.detail },
        { "guest", row.paravirtual ? "paravirtual" : "unmodified" },
        { "verdict", verdict_name(row.verdict) },
        { "outcome", row.outcome },
        { "reason", row.reason },
        { "console", row.console },
        { "runs", runs_json(row.runs) },
        { "time_ns", time_json(row.time) },
        { "ratio", row.time ? nlohmann::json(row.ratio) : nlohmann::json() },
        { "exit_count", row.time ? nlohmann::json(row.exit_count) : nlohmann::json() },
        { "exits", exits_json(row.exits) },
        { "watched", row.watched ? statistics_json(*row.watched) : nlohmann::json() },
    };
}

nlohmann::json number_or_null(const std::optional<double>& number)
{
    return number ? nlohmann::json(*number) : nlohmann::json();
}

nlohmann::json paper_json(const std::optional<PaperFigures>& paper)
{
    if (!paper)
        return nullptr;
    return { { "native", paper->native }, { "rewriter", paper->rewriter }, { "vt", paper->vt } };
}

nlohmann::json nano_json(const std::optional<NanoComparison>& nano)
{
    if (!nano)
        return nullptr;
    auto operations = nlohmann::json::array();
    for (std::size_t i = 0; i < nano_operation_count; ++i) {
        auto ticks = nlohmann::json::object();
        for (const auto& column : nano->columns)
            ticks[column.strategy] = number_or_null(column.figures[i]);
        const auto& operation = nano_operations()[i];
        operations.push_back({ { "name", operation.name }, { "meaning", operation.meaning }, { "ticks", ticks },
            { "paper", paper_json(operation.paper) } });
    }
    auto ways = nlohmann::json::array();
    for (const auto& way : nano->ways)
        ways.push_back({ { "rdtsc", way.name }, { "ticks", number_or_null(way.ticks) }, { "paper", number_or_null(way.paper) } });
    return { { "ticks_per_second", nano->ticks_per_second }, { "operations", operations }, { "rdtsc_under_rewriting", ways } };
}

}

nlohmann::json comparison_json(const Comparison& comparison)
{
    auto host = nlohmann::json::object();
    for (const auto& [name, value] : comparison.host)
        host[name] = value;
    auto rows = nlohmann::json::array();
    for (const auto& row : comparison.rows)
        rows.push_back(row_json(row));
    auto missing = nlohmann::json::array();
    for (const auto& one : comparison.missing)
        missing.push_back({ { "strategy", one.strategy }, { "reason", one.reason }, { "remedy", one.remedy } });
    const auto* best = fastest(comparison);
    return {
        { "guest", comparison.guest },
        { "title", comparison.title },
        { "command_line", comparison.command_line },
        { "memory_bytes", comparison.memory_bytes },
        { "runs", comparison.runs },
        { "host", host },
        { "as_expected", all_as_expected(comparison) },
        { "fastest", best ? nlohmann::json(best->strategy) : nlohmann::json() },
        { "equality", equality_sentence(comparison) },
        { "strategies", rows },
        { "missing", missing },
        { "operations", nano_json(comparison.nano) },
    };
}

} // namespace ringside
