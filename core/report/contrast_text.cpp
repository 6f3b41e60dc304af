#include "core/report/contrast_text.hpp"

#include "core/report/comparison_words.hpp"
#include "core/report/wrapped_text.hpp"
#include "core/session/outcome.hpp"
#include "core/trace/time_format.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>

namespace ringside {

namespace {

constexpr std::size_t width = 80;
constexpr std::size_t name_width = 10;
constexpr std::size_t bar_width = 8;

// Linear, in eighths of a character where there are such; what is not nothing is seen.
std::string bar(double share, const Style& style)
{
    constexpr std::array<std::string_view, 8> eighths { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
    auto steps = std::max(1L, std::lround(share * static_cast<double>(bar_width) * 8));
    auto whole = static_cast<std::size_t>(steps / 8);
    std::string text;
    if (!style.unicode)
        return std::string(std::max<std::size_t>(whole, 1), '#');
    for (std::size_t i = 0; i < whole; ++i)
        text += "█";
    return text + std::string { eighths[static_cast<std::size_t>(steps % 8)] };
}

constexpr std::size_t half_width = 10 + 8 + 1 + bar_width;
constexpr std::size_t exits_width = width - name_width - 2 * half_width - 1;

std::string half(const Comparison& comparison, const ComparisonRow& row, const Style& style)
{
    if (!row.time)
        return padded_left("not timed", half_width);
    auto color = &row == fastest(comparison) ? Color::Bold : Color::Plain;
    auto figures = padded_left(format_duration(row.time->median, style), 10) + padded_left(ratio_text(row.ratio, style), 8);
    return style.paint(color, figures) + ' '
        + style.paint(Color::Ring3, padded_right(bar(row.ratio / std::max(1.0, largest_ratio(comparison)), style), bar_width));
}

std::string row_text(const Contrast& contrast, std::size_t i, const Style& style)
{
    const auto& left = contrast.left.rows[i];
    const auto& right = contrast.right.rows[i];
    auto line = style.paint(Color::Bold, padded_right(left.strategy, name_width)) + half(contrast.left, left, style)
        + ' ' + half(contrast.right, right, style)
        + padded_left(right.time ? format_count(right.exit_count) : "-", exits_width);
    return line + '\n' + labeled("", left.idea, width, 2);
}

std::string heading(const Contrast& contrast, const Style& style)
{
    auto line = std::string(name_width, ' ') + padded_right("  " + contrast.left_heading, half_width) + ' '
        + padded_right("  " + contrast.right_heading, half_width) + padded_left("exits", exits_width);
    return style.paint(Color::Bold, line) + '\n';
}

}

std::string contrast_text(const Contrast& contrast, const Style& style)
{
    auto text = heading(contrast, style);
    auto rows = std::min(contrast.left.rows.size(), contrast.right.rows.size());
    for (std::size_t i = 0; i < rows; ++i)
        text += row_text(contrast, i, style);
    for (const auto& note : missing_notes(contrast.left))
        text += wrapped(fitting(one_line(note), style), width, 2);
    for (const auto* comparison : { &contrast.left, &contrast.right }) {
        for (const auto& note : row_notes(*comparison))
            text += wrapped(fitting(one_line(comparison->guest + ": " + note), style), width, 2);
    }
    return text;
}

}
