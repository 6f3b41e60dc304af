#include "core/report/comparison_text.hpp"

#include "core/machine/kernel_image.hpp"
#include "core/report/comparison_tables.hpp"
#include "core/report/comparison_words.hpp"
#include "core/report/nano_text.hpp"
#include "core/report/wrapped_text.hpp"
#include "core/session/outcome.hpp"
#include "core/trace/time_format.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace ringside {

namespace {

constexpr std::size_t width = 80;
constexpr std::size_t most_reasons = 6; // of one strategy

// The end of a line is not painted.
std::string painted(const Style& style, Color color, std::string line)
{
    line.pop_back();
    return style.paint(color, line) + '\n';
}

// In a line of its own widths: the first column to the left, the others to the right.
std::string line_of(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths)
{
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i)
        line += i == 0 ? padded_right(cells[i], widths[i]) : ' ' + padded_left(cells[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    return line + '\n';
}

const std::vector<std::size_t> strategy_widths { 11, 9, 9, 7, 9, 9, 5, 4, 4, 4 };
const std::vector<std::size_t> exit_widths { 22, 12, 9, 12, 9, 11 };

std::string whole_percent(double share)
{
    return share > 0 && share < 0.005 ? "<1%" : fmt::format("{:.0f}%", share * 100);
}

// What has no room in its column is rounded.
std::string short_count(uint64_t count)
{
    return count < 10'000'000 ? format_count(count) : fmt::format("{} M", format_count(count / 1'000'000));
}

std::vector<std::string> cells_of(const ComparisonRow& row, const Style& style)
{
    std::vector<std::string> cells { marked_name(row) };
    if (!row.time) {
        cells.emplace_back("not timed");
        return cells;
    }
    cells.push_back(format_duration(row.time->median, style));
    cells.push_back(spread_text(*row.time));
    cells.push_back(ratio_text(row.ratio, style));
    cells.push_back(short_count(row.exit_count));
    if (!row.watched)
        return cells;
    cells.push_back(row.watched->rings_unseen ? "-" : short_count(ring_change_count(*row.watched)));
    for (const auto& part : time_parts(*row.watched))
        cells.push_back(parts_are_typical(row) ? whole_percent(part.share) : "-");
    return cells;
}

std::string strategies_text(const Comparison& comparison, const Style& style)
{
    auto text = painted(style, Color::Bold,
        line_of({ "Strategy", "Time", "Spread", "Ratio", "Exits", "Rings", "Guest", "Mon.", "Host", "Wait" },
            strategy_widths));
    for (const auto& row : comparison.rows)
        text += line_of(cells_of(row, style), strategy_widths);
    return text;
}

std::string exit_line(const ComparedExit& exit, const Style& style)
{
    bool is_watched = exit.watched_count > 0;
    bool is_timed = is_watched && exit.timed;
    bool waits = exit.kind == EventKind::Halt;
    return line_of({ "  " + std::string { describe(exit.kind).name }, format_count(exit.count), share_text(exit.share),
                       is_watched ? format_count(exit.watched_count) : "-",
                       is_timed && !waits ? share_text(exit.watched_time_share) : "-",
                       is_timed ? format_duration(exit.watched_mean, style) : "-" },
        exit_widths);
}

// Those that a reader looks for: the most frequent, and the most costly.
std::vector<ComparedExit> main_exits(const ComparisonRow& row)
{
    auto exits = row.exits;
    std::ranges::stable_sort(exits, std::ranges::greater {},
        [](const ComparedExit& exit) { return std::max(exit.share, exit.watched_time_share); });
    exits.resize(std::min(exits.size(), most_reasons));
    return exits;
}

std::string exits_of(const ComparisonRow& row, const Style& style)
{
    std::string text = style.paint(Color::Bold, row.strategy) + '\n';
    auto shown = main_exits(row);
    for (const auto& exit : shown)
        text += exit_line(exit, style);
    if (auto others = row.exits.size() - shown.size(); others > 0)
        text += fmt::format("  and {} more {}, which --json, --csv, --markdown and --html list\n", others,
            others == 1 ? "reason" : "reasons");
    return text;
}

std::string exits_text(const Comparison& comparison, const Style& style)
{
    std::string text = line_of({ "", "timed runs:", "", "watched:", "", "" }, exit_widths);
    text = painted(style, Color::Dim, text);
    text += painted(
        style, Color::Bold, line_of({ "Exits by reason", "Exits", "Share", "Exits", "Time", "Mean" }, exit_widths));
    for (const auto& row : comparison.rows)
        text += row.time ? exits_of(row, style) : "";
    return text;
}

std::string host_lines(const Comparison& comparison, const Style& style)
{
    std::string text;
    for (const auto& row : host_table(comparison).rows)
        text += labeled(row[0] + ':', fitting(printable(row[1]), style), width, 15);
    return text;
}

} // namespace

std::string comparison_text(const Comparison& comparison, const Style& style)
{
    auto paragraph = [&](const std::string& text) { return wrapped(fitting(one_line(text), style), width); };
    std::string text
        = painted(style, Color::Bold, wrapped(fitting(printable(comparison_heading(comparison)), style), width));
    text += '\n' + strategies_text(comparison, style);
    for (const auto& note : row_notes(comparison))
        text += wrapped(fitting(one_line(note), style), width, 2);
    for (const auto& note : missing_notes(comparison))
        text += wrapped(fitting(one_line(note), style), width, 2);
    text += paragraph(equality_sentence(comparison));
    if (comparison.nano)
        text += '\n' + nano_text(*comparison.nano, style);
    if (fastest(comparison)) {
        text += '\n' + exits_text(comparison, style);
        text += '\n' + paragraph(result_sentence(comparison, style)) + paragraph(waiting_sentence(comparison));
        text += paragraph(times_sentence(comparison)) + paragraph(watched_sentence(comparison));
    }
    return text + '\n' + host_lines(comparison, style);
}

} // namespace ringside
