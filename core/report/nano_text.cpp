#include "core/report/nano_text.hpp"

#include "core/report/nano_tables.hpp"
#include "core/report/wrapped_text.hpp"

#include <algorithm>

namespace ringside {

namespace {

constexpr std::size_t width = 80;
constexpr std::size_t name_width = 7, strategy_width = 10, paper_width = 7;
constexpr std::size_t paper_columns = 3;

// The strategies that fit beside the paper.
std::size_t shown_columns(const NanoComparison& nano)
{
    constexpr std::size_t room = (width - name_width - 1 - paper_columns * paper_width) / strategy_width;
    return std::min(nano.columns.size(), room);
}

std::string left_part(const std::vector<std::string>& cells, std::size_t columns)
{
    std::string line = padded_right(cells[0], name_width);
    for (std::size_t i = 1; i <= columns; ++i)
        line += padded_left(cells[i], strategy_width);
    return line;
}

std::string line_of(const std::vector<std::string>& cells, std::size_t columns)
{
    auto line = left_part(cells, columns) + ' ';
    for (std::size_t i = cells.size() - paper_columns; i < cells.size(); ++i)
        line += padded_left(cells[i], paper_width);
    return line;
}

std::string strategies_lines(const NanoComparison& nano, const Style& style)
{
    auto columns = shown_columns(nano);
    std::vector<std::string> heading { "Ticks" };
    for (const auto& column : nano.columns)
        heading.push_back(column.strategy);
    heading.insert(heading.end(), { "native", "rewr.", "VT" });
    auto left = padded_right("", name_width + columns * strategy_width);
    auto text = style.paint(Color::Dim, left + padded_left("the paper's, 2006:", 1 + paper_columns * paper_width)) + '\n';
    text += style.paint(Color::Bold, line_of(heading, columns)) + '\n';
    for (const auto& cells : nano_table(nano).rows)
        text += line_of(cells, columns) + '\n';
    return text;
}

std::string ways_lines(const NanoComparison& nano, const Style& style)
{
    if (nano.ways.empty())
        return "";
    auto line = [](std::string_view name, std::string_view here, std::string_view paper, std::string_view meaning) {
        return padded_right(name, name_width) + padded_left(here, strategy_width) + padded_left(paper, strategy_width) + "   "
            + std::string { meaning };
    };
    auto text = '\n' + style.paint(Color::Bold, line("RDTSC", "here", "paper", "under rewriting, with --rdtsc")) + '\n';
    for (const auto& way : nano.ways)
        text += line(way.name, ticks_text(way.ticks), ticks_text(way.paper), way.meaning) + '\n';
    return text;
}

}

std::string nano_text(const NanoComparison& nano, const Style& style)
{
    return strategies_lines(nano, style) + ways_lines(nano, style) + '\n' + wrapped(nano_sentence(nano), width);
}

}
