#include "core/report/comparison_html.hpp"

#include "core/report/comparison_charts.hpp"
#include "core/report/comparison_tables.hpp"
#include "core/report/comparison_words.hpp"
#include "core/report/html_text.hpp"
#include "core/report/nano_tables.hpp"
#include "core/report/page_style.hpp"
#include "core/report/svg_chart.hpp"
#include "core/trace/time_format.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace ringside {

namespace {

constexpr std::size_t longest_console = 16384; // of a guest's text in the page

std::string paragraph(std::string_view css_class, std::string_view text)
{
    return fmt::format("<p class=\"{}\">{}</p>\n", css_class, html_escaped(text));
}

std::string table_of(const TextTable& table, std::string_view css_class = "figures")
{
    return fmt::format("<div class=\"{}\">\n{}</div>\n", css_class, html_table("", table.heading, table.rows));
}

std::string notes(const std::vector<std::string>& items)
{
    std::string text;
    for (const auto& item : items)
        text += fmt::format("<li>{}</li>\n", html_escaped(item));
    return text.empty() ? "" : "<ul class=\"notes\">\n" + text + "</ul>\n";
}

std::string tile(std::string_view label, std::string_view figure, std::string_view small, std::string_view mood = "")
{
    return fmt::format(
        "<li><span class=\"label\">{}</span><span class=\"figure {}\">{}</span><span class=\"small\">{}</span></li>\n",
        html_escaped(label), mood, html_escaped(figure), html_escaped(small));
}

std::string tiles(const Comparison& comparison)
{
    std::string text = "<ul class=\"tiles\">\n";
    if (const auto* best = fastest(comparison)) {
        const auto& slowest = *std::ranges::max_element(comparison.rows, {}, &ComparisonRow::ratio);
        text += tile("Fastest", best->strategy, format_duration(best->time->median, Style {}));
        text += tile("Slowest", slowest.strategy,
            fmt::format("{}, {} the fastest", format_duration(slowest.time->median, Style {}),
                ratio_text(slowest.ratio, Style {})));
    }
    auto as_expected = std::ranges::count_if(comparison.rows, &ComparisonRow::good);
    auto documented = std::ranges::count(comparison.rows, Verdict::Documented, &ComparisonRow::verdict);
    bool all = all_as_expected(comparison);
    text += tile("Outcome and console", all ? "✓ as expected" : "✗ not all as expected",
        fmt::format("{} of {} strategies{}", as_expected, comparison.rows.size(),
            documented > 0 ? fmt::format(", {} of them otherwise, as documented", documented) : ""),
        all ? "good" : "bad");
    text += tile("Timed runs", fmt::format("{} of each", comparison.runs), "taking turns, after a warm-up");
    return text + "</ul>\n";
}

std::string header(const Comparison& comparison)
{
    std::string text = "<header>\n<p class=\"brand\">Ringside · the same guest, several strategies</p>\n";
    text += fmt::format("<h1>{}</h1>\n", html_escaped(comparison.guest));
    if (!comparison.title.empty())
        text += paragraph("lead", comparison.title);
    return text + tiles(comparison) + "</header>\n";
}

std::string card(std::string_view content)
{
    return fmt::format("<section class=\"card\">\n{}</section>\n", content);
}

std::string times_section(const Comparison& comparison)
{
    if (!fastest(comparison))
        return card("<h2>How long it took</h2>\n" + paragraph("note", result_sentence(comparison, Style {})));
    auto text = "<h2>How long it took</h2>\n" + paragraph("note", result_sentence(comparison, Style {}))
        + times_chart(comparison);
    text += paragraph("note",
        "A bar is the median; the line across its end reaches from the fastest run to the slowest. Shorter is faster.");
    if (auto waiting = waiting_sentence(comparison); !waiting.empty())
        text += paragraph("note", waiting);
    if (largest_ratio(comparison) > ratio_for_logarithm) {
        text += paragraph("note",
            fmt::format(
                "The slowest takes more than {} times as long as the fastest, whose bar can hardly be seen. The same "
                "times on a logarithmic axis, where each line is ten times the one before; dots, because such an axis "
                "has no zero at which a bar could begin:",
                ratio_for_logarithm));
        text += logarithmic_times_chart(comparison);
    }
    return card(
        text + table_of(strategies_table(comparison, Style {})) + paragraph("note", times_sentence(comparison)));
}

std::string legend(const std::vector<std::pair<std::string_view, std::string>>& entries)
{
    std::string text = "<ul class=\"legend\">\n";
    for (const auto& [fill, words] : entries)
        text += fmt::format("<li>{}{}</li>\n", swatch(fill), html_escaped(words));
    return text + "</ul>\n";
}

std::string rings_of(const Comparison& comparison)
{
    auto table = rings_table(comparison, Style {});
    return table.rows.empty() ? paragraph("note", "The guest never changed its ring.")
                              : table_of(table, "figures small");
}

std::string parts_section(const Comparison& comparison)
{
    auto parts = time_parts({});
    std::vector<std::pair<std::string_view, std::string>> entries;
    for (const auto& part : parts)
        entries.emplace_back(part.name, fmt::format("{}: {}", part.name, part.meaning));
    bool all_typical = std::ranges::all_of(
        comparison.rows, [](const ComparisonRow& row) { return !row.watched || parts_are_typical(row); });
    auto dagger = paragraph(
        "note", "† In the run that is watched only: it took much longer than the timed ones, whose parts are others.");
    return card("<h2>Where the time went</h2>\n" + legend(entries) + parts_chart(comparison)
        + (all_typical ? "" : dagger) + table_of(parts_table(comparison, Style {})) + rings_of(comparison)
        + paragraph("note", watched_sentence(comparison)));
}

std::string exits_section(const ComparisonRow& row)
{
    auto text = fmt::format("<h3>{}</h3>\n", html_escaped(row.strategy)) + paragraph("idea", row.idea);
    return card(text + "<div class=\"pair\">\n" + exits_chart(row) + table_of(exits_table(row, Style {})) + "</div>\n");
}

std::string exits_sections(const Comparison& comparison)
{
    std::string cards;
    for (const auto& row : comparison.rows)
        cards += row.time ? exits_section(row) : "";
    if (cards.empty())
        return "";
    auto text = "<h2>Why the monitor was called</h2>\n"
        + paragraph("note", "Exits: the moments at which control passes from the guest to the monitor, by reason.")
        + legend({ { "exits", "upper bar, first figure: share of all exits in a timed run" },
            { "monitor", "lower bar, second figure: share of the monitor's time in the watched run" } });
    return card(text) + cards;
}

std::string said(std::string_view summary, std::string_view text)
{
    bool is_long = text.size() > longest_console;
    return fmt::format("<details><summary>{}</summary><pre>{}{}</pre></details>\n", html_escaped(summary),
        html_escaped(text.substr(0, longest_console)), is_long ? "\n(and more)" : "");
}

template <typename Predicate>
std::string strategies_where(const Comparison& comparison, Predicate predicate)
{
    std::string names;
    for (const auto& row : comparison.rows) {
        if (predicate(row))
            names += (names.empty() ? "" : ", ") + row.strategy;
    }
    return names;
}

std::string texts_of(const Comparison& comparison)
{
    std::string text;
    for (const auto& row : comparison.rows) {
        auto is_same = [&](const ComparisonRow& other) { return other.console == row.console; };
        if (&*std::ranges::find_if(comparison.rows, is_same) == &row && !row.console.empty())
            text += said("What the guest said under " + strategies_where(comparison, is_same), row.console);
        if (!row.runs.empty() && !row.runs.front().debug_output.empty())
            text += said("What it wrote to port 0xE9 in the first timed run under " + row.strategy,
                row.runs.front().debug_output);
    }
    return text;
}

std::string equality_section(const Comparison& comparison)
{
    auto text
        = "<h2>Did they do the same?</h2>\n" + fmt::format("<p>{}</p>\n", html_escaped(equality_sentence(comparison)));
    return card(text + notes(row_notes(comparison)) + notes(missing_notes(comparison)) + texts_of(comparison));
}

std::string nano_section(const NanoComparison& nano)
{
    auto text = "<h2>What an operation costs</h2>\n" + paragraph("note", nano_sentence(nano)) + table_of(nano_table(nano), "nowrap");
    text = card(text + notes(nano_legend()));
    return nano.ways.empty() ? text : text + card("<h2>RDTSC, rewritten in each way</h2>\n" + table_of(time_stamp_table(nano)));
}

std::string details_section(const Comparison& comparison)
{
    auto text = "<h2>Every run</h2>\n" + table_of(runs_table(comparison, Style {}));
    return card(text) + card("<h2>What these figures were taken on</h2>\n" + table_of(host_table(comparison), "words"));
}

} // namespace

std::string comparison_html(const Comparison& comparison)
{
    // The policy keeps even a browser's own ideas off the network.
    std::string text
        = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    text += fmt::format("<title>{} under several strategies</title>\n<style>{}</style>\n</head>\n<body>\n",
        html_escaped(comparison.guest), page_style());
    text += pattern_definitions() + header(comparison) + "<main>\n" + times_section(comparison);
    if (comparison.nano)
        text += nano_section(*comparison.nano);
    text += equality_section(comparison);
    if (fastest(comparison))
        text += parts_section(comparison) + exits_sections(comparison);
    text += details_section(comparison) + "</main>\n";
    return text
        + "<footer>Made by <b>ringside compare</b>. Times and ratios are those of the host named "
          "above.</footer>\n</body>\n</html>\n";
}

} // namespace ringside
