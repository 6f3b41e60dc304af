#include "core/report/comparison_csv.hpp"

#include "core/report/comparison_words.hpp"
#include "core/report/csv_text.hpp"

#include <fmt/format.h>

namespace ringside {

namespace {

class Records {
public:
    explicit Records(const std::string& guest) : m_guest(guest)
    {
        m_text = csv_record({ "guest", "strategy", "section", "item", "figure", "value" });
    }

    void begin(const std::string& strategy) { m_strategy = strategy; }
    void add(std::string_view section, std::string_view item, std::string_view figure, std::string_view value)
    {
        m_text += csv_record({ m_guest, m_strategy, std::string { section }, std::string { item },
            std::string { figure }, std::string { value } });
    }
    void number(std::string_view section, std::string_view item, std::string_view figure, uint64_t value)
    {
        add(section, item, figure, std::to_string(value));
    }
    void share(std::string_view section, std::string_view item, std::string_view figure, double value)
    {
        add(section, item, figure, fmt::format("{:.6f}", value));
    }
    std::string take() { return std::move(m_text); }

private:
    const std::string& m_guest;
    std::string m_strategy;
    std::string m_text;
};

void add_times(Records& out, const ComparisonRow& row)
{
    for (std::size_t i = 0; i < row.runs.size(); ++i) {
        auto item = std::to_string(i + 1);
        out.number("run", item, "time_ns", row.runs[i].nanoseconds);
        if (!row.runs[i].debug_output.empty())
            out.add("run", item, "debug_output", row.runs[i].debug_output);
    }
    if (!row.time)
        return;
    out.number("time", "", "minimum_ns", row.time->minimum);
    out.number("time", "", "lower_quartile_ns", row.time->lower_quartile);
    out.number("time", "", "median_ns", row.time->median);
    out.number("time", "", "upper_quartile_ns", row.time->upper_quartile);
    out.number("time", "", "maximum_ns", row.time->maximum);
    out.share("time", "", "ratio", row.ratio);
    out.number("result", "", "exits", row.exit_count);
}

void add_exits(Records& out, const ComparisonRow& row)
{
    for (const auto& exit : row.exits) {
        auto name = describe(exit.kind).name;
        out.number("exit", name, "count", exit.count);
        out.share("exit", name, "share", exit.share);
        out.number("exit", name, "watched_count", exit.watched_count);
        if (!exit.timed)
            continue;
        out.number("exit", name, "watched_total_ns", exit.watched_total);
        out.number("exit", name, "watched_mean_ns", exit.watched_mean);
        if (exit.kind != EventKind::Halt)
            out.share("exit", name, "watched_time_share", exit.watched_time_share);
    }
}

void add_watched(Records& out, const Statistics& watched)
{
    for (std::size_t from = 0; from < 4; ++from) {
        for (std::size_t to = 0; to < 4; ++to) {
            if (auto count = watched.ring_entries[from][to]; count && from != to)
                out.number("ring-change", fmt::format("{} to {}", from, to), "count", count);
        }
    }
    out.number("part", "all", "watched_ns", watched.wall);
    for (const auto& part : time_parts(watched)) {
        out.number("part", part.name, "watched_ns", part.nanoseconds);
        out.share("part", part.name, "watched_share", part.share);
    }
}

void add_row(Records& out, const ComparisonRow& row)
{
    out.begin(row.strategy);
    out.add("result", "", "detail", row.detail);
    out.add("result", "", "guest", row.paravirtual ? "paravirtual" : "unmodified");
    out.add("result", "", "verdict", verdict_name(row.verdict));
    out.add("result", "", "outcome", row.outcome);
    out.add("result", "", "reason", row.reason);
    out.add("result", "", "console", row.console);
    add_times(out, row);
    add_exits(out, row);
    if (row.watched)
        add_watched(out, *row.watched);
}

void add_operations(Records& out, const NanoComparison& nano)
{
    auto ticks = [&](std::string_view item, std::string_view figure, const std::optional<double>& value) {
        if (value)
            out.add("operation", item, figure, fmt::format("{:.2f}", *value));
    };
    for (std::size_t i = 0; i < nano_operation_count; ++i) {
        const auto& operation = nano_operations()[i];
        for (const auto& column : nano.columns) {
            out.begin(column.strategy);
            ticks(operation.name, "ticks", column.figures[i]);
        }
        out.begin("");
        if (const auto& paper = operation.paper) {
            ticks(operation.name, "paper_native", paper->native);
            ticks(operation.name, "paper_rewriter", paper->rewriter);
            ticks(operation.name, "paper_vt", paper->vt);
        }
    }
    for (const auto& way : nano.ways) {
        out.begin("rewriting");
        ticks(fmt::format("rdtsc {}", way.name), "ticks", way.ticks);
        out.begin("");
        ticks(fmt::format("rdtsc {}", way.name), "paper_rewriter", way.paper);
    }
}

}

std::string comparison_csv(const Comparison& comparison)
{
    Records out(comparison.guest);
    for (const auto& [name, value] : comparison.host)
        out.add("host", name, "value", value);
    out.add("result", "", "title", comparison.title);
    out.add("result", "", "command_line", comparison.command_line);
    out.number("result", "", "memory_bytes", comparison.memory_bytes);
    out.number("result", "", "runs", comparison.runs);
    out.add("result", "", "equality", equality_sentence(comparison));
    for (const auto& row : comparison.rows)
        add_row(out, row);
    if (comparison.nano)
        add_operations(out, *comparison.nano);
    for (const auto& missing : comparison.missing) {
        out.begin(missing.strategy);
        out.add("missing", "", "reason", missing.reason);
        out.add("missing", "", "remedy", missing.remedy);
    }
    return out.take();
}

} // namespace ringside
