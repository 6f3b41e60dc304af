#include "core/report/comparison_markdown.hpp"

#include "core/report/comparison_tables.hpp"
#include "core/report/comparison_words.hpp"
#include "core/report/markdown_text.hpp"
#include "core/report/nano_tables.hpp"

namespace ringside {

namespace {

std::string paragraph(const std::string& text)
{
    return markdown_escaped(text) + "\n\n";
}

std::string table_of(const TextTable& table)
{
    return markdown_table(table.heading, table.rows) + '\n';
}

std::string rings_of(const Comparison& comparison)
{
    auto table = rings_table(comparison, Style {});
    return table.rows.empty() ? "The guest never changed its ring.\n\n" : table_of(table);
}

std::string list_of(const std::vector<std::string>& items)
{
    std::string text;
    for (const auto& item : items)
        text += "- " + markdown_escaped(item) + '\n';
    return text.empty() ? "" : text + '\n';
}

std::string nano_part(const NanoComparison& nano)
{
    auto text = "## What an operation costs\n\n" + table_of(nano_table(nano)) + list_of(nano_legend()) + paragraph(nano_sentence(nano));
    return nano.ways.empty() ? text : text + "## RDTSC, rewritten in each way\n\n" + table_of(time_stamp_table(nano));
}

}

std::string comparison_markdown(const Comparison& comparison)
{
    const Style style;
    std::string text = "# " + paragraph(comparison_heading(comparison));
    text += paragraph(result_sentence(comparison, style));
    if (auto waiting = waiting_sentence(comparison); !waiting.empty())
        text += paragraph(waiting);
    text += table_of(strategies_table(comparison, style));
    text += list_of(row_notes(comparison)) + list_of(missing_notes(comparison));
    text += paragraph(equality_sentence(comparison)) + paragraph(times_sentence(comparison));
    if (comparison.nano)
        text += nano_part(*comparison.nano);
    text += "## Where the time went\n\n" + table_of(parts_table(comparison, style));
    text += rings_of(comparison);
    text += paragraph(watched_sentence(comparison));
    for (const auto& row : comparison.rows) {
        if (row.time)
            text += "## Exits under " + paragraph(row.strategy) + table_of(exits_table(row, style));
    }
    text += "## Every run\n\n" + table_of(runs_table(comparison, style));
    text += "## Taken on\n\n" + table_of(host_table(comparison));
    text.pop_back();
    return text;
}

} // namespace ringside
