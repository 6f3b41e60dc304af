#include "core/report/nano_tables.hpp"

#include "core/trace/time_format.hpp"

#include <cmath>
#include <fmt/format.h>

namespace ringside {

namespace {

std::vector<std::string> paper_cells(const NanoOperation& operation)
{
    if (!operation.paper)
        return { "-", "-", "-" };
    return { ticks_text(operation.paper->native), ticks_text(operation.paper->rewriter), ticks_text(operation.paper->vt) };
}

}

std::string ticks_text(const std::optional<double>& ticks)
{
    constexpr double small = 100; // below it a tenth matters
    if (!ticks)
        return "-";
    if (*ticks < small && *ticks != std::floor(*ticks))
        return fmt::format("{:.1f}", *ticks);
    return format_count(static_cast<uint64_t>(std::llround(*ticks)));
}

TextTable nano_table(const NanoComparison& nano)
{
    TextTable table { { "Ticks" }, {} };
    for (const auto& column : nano.columns)
        table.heading.push_back(column.strategy);
    table.heading.insert(table.heading.end(), { "paper: native", "paper: rewriter", "paper: VT" });
    for (std::size_t i = 0; i < nano_operation_count; ++i) {
        const auto& operation = nano_operations()[i];
        auto& cells = table.rows.emplace_back(std::vector { std::string { operation.name } });
        for (const auto& column : nano.columns)
            cells.push_back(ticks_text(column.figures[i]));
        for (auto& cell : paper_cells(operation))
            cells.push_back(std::move(cell));
    }
    return table;
}

TextTable time_stamp_table(const NanoComparison& nano)
{
    TextTable table { { "--rdtsc", "Ticks", "paper" }, {} };
    for (const auto& way : nano.ways)
        table.rows.push_back({ fmt::format("{}: {}", way.name, way.meaning), ticks_text(way.ticks), ticks_text(way.paper) });
    return table;
}

std::vector<std::string> nano_legend()
{
    std::vector<std::string> legend;
    for (const auto& operation : nano_operations())
        legend.push_back(fmt::format("{}: {}", operation.name, operation.meaning));
    return legend;
}

std::string nano_sentence(const NanoComparison& nano)
{
    double nanoseconds = nano.ticks_per_second > 0 ? 1e9 / nano.ticks_per_second : 0;
    return fmt::format("Ticks of the time-stamp counter for one operation, as the guest measures it, medians of the timed runs; a "
                       "tick is {:.2f} ns here. Beside them the cycles of Adams & Agesen (ASPLOS 2006, table of nanobenchmarks, "
                       "Pentium 4 at 3.8 GHz): native, their rewriter, VT-x. docs/comparison.md says what each figure tells.",
        nanoseconds);
}

}
