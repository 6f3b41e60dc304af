// Ledgers as text: the twin of the exits panel.
//
//   EXIT                     Count  Count%   Time%       Min      Mean       Max
//   port-write                   5  62.50%  50.00%     20 ns     20 ns     20 ns
//     from 16 ns  ▂█▁
#include "core/trace/time_format.hpp"
#include "visualizer/model/exit_ledger.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iterator>
#include <string_view>

namespace ringside::visualizer {

namespace {

constexpr std::array<std::string_view, 9> unicode_heights { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
constexpr std::array<std::string_view, 9> ascii_heights { " ", ".", ".", ":", "-", "=", "+", "*", "#" };

// Anything at all has a height of at least 1: what is rare shows.
std::size_t height(uint64_t count, uint64_t most)
{
    if (count == 0)
        return 0;
    return 1 + static_cast<std::size_t>(7.0 * static_cast<double>(count) / static_cast<double>(most));
}

// At most 11 columns, for what a column can hold.
std::string count_text(uint64_t count)
{
    constexpr uint64_t most = 999'999'999;
    return count <= most ? format_count(count) : format_count(count / 1'000'000) + " M";
}

std::string histogram_line(const LedgerRow& row, const TickScale& scale, const Style& style)
{
    const auto& heights = style.unicode ? unicode_heights : ascii_heights;
    auto happened = [](uint64_t count) { return count > 0; };
    auto first = std::ranges::find_if(row.histogram, happened);
    auto last = std::find_if(row.histogram.rbegin(), row.histogram.rend(), happened).base();
    auto most = *std::ranges::max_element(row.histogram);
    std::string bars;
    for (auto bucket = first; bucket != last; ++bucket)
        bars += heights[height(*bucket, most)];
    auto begin = scale.nanoseconds(bucket_begin(static_cast<std::size_t>(first - row.histogram.begin())));
    auto end = scale.nanoseconds(bucket_begin(static_cast<std::size_t>(last - row.histogram.begin())));
    return fmt::format("  {} [{}] {}", format_duration(begin, style), bars, format_duration(end, style));
}

void add_row(std::string& text, const LedgerRow& row, const ExitLedger& ledger, const Style& style)
{
    auto time = [&](uint64_t nanoseconds) { return ledger.timed ? format_duration(nanoseconds, style) : "-"; };
    bool waits = row.kind == EventKind::Halt;
    auto share = ledger.timed && !waits ? fmt::format("{:.2f}%", row.time_share * 100) : "-";
    fmt::format_to(std::back_inserter(text), "{:<18} {:>11} {:>7.2f}% {:>7} {:>10} {:>10} {:>10}\n",
        fmt::format("{}{}", describe(row.kind).name, waits ? " *" : ""), count_text(row.count), row.count_share * 100,
        share, time(row.minimum), time(row.mean), time(row.maximum));
    if (ledger.timed)
        text += style.paint(Color::Dim, histogram_line(row, ledger.scale, style)) + '\n';
}

void add_sum(std::string& text, std::string_view name, uint64_t nanoseconds, const Style& style)
{
    fmt::format_to(std::back_inserter(text), "{:<18} {:>11}\n", name, format_duration(nanoseconds, style));
}

// One of the sides of a comparison: 31 columns.
std::string side(const LedgerRow* row, const ExitLedger& ledger, const Style& style)
{
    if (!row)
        return fmt::format("{:>11} {:>9} {:>9}", "-", "", "");
    auto time = [&](uint64_t nanoseconds) { return ledger.timed ? format_duration(nanoseconds, style) : "-"; };
    return fmt::format("{:>11} {:>9} {:>9}", count_text(row->count), time(row->mean), time(row->total));
}

}

std::string ledger_text(const ExitLedger& ledger, const Style& style)
{
    auto text = style.paint(Color::Bold,
                    fmt::format("{:<18} {:>11} {:>8} {:>7} {:>10} {:>10} {:>10}", "EXIT", "Count", "Count%", "Time%",
                        "Min", "Mean", "Max"))
        + '\n';
    for (const auto& row : ledger.rows)
        add_row(text, row, ledger, style);
    fmt::format_to(std::back_inserter(text), "{:<18} {:>11}\n", "exits", count_text(ledger.exits));
    if (!ledger.timed)
        return text + style.paint(Color::Dim, "Durations are not measured under the virtual clock.") + '\n';
    add_sum(text, "in the monitor", ledger.monitor, style);
    if (ledger.halted > 0) {
        add_sum(text, "waiting *", ledger.halted, style);
        text += style.paint(Color::Dim, "* The guest waits for an interrupt: nobody's work, and left out of Time%.") + '\n';
    }
    return text;
}

std::string comparison_text(const ExitLedger& left, std::string_view left_name, const ExitLedger& right,
    std::string_view right_name, const Style& style)
{
    std::string text;
    auto out = std::back_inserter(text);
    fmt::format_to(out, "{:<18}{:>31}{:>31}\n", "", left_name.substr(0, 30), right_name.substr(0, 30));
    auto columns = fmt::format("{:>11} {:>9} {:>9}", "Count", "Mean", "Total");
    text += style.paint(Color::Bold, fmt::format("{:<18}{}{}", "EXIT", columns, columns)) + '\n';
    for (const auto& row : compare_ledgers(left, right).rows)
        fmt::format_to(std::back_inserter(text), "{:<18}{}{}\n", describe(row.kind).name, side(row.left, left, style),
            side(row.right, right, style));
    fmt::format_to(std::back_inserter(text), "{:<18}{:>11} {:>19}{:>11} {:>19}\n", "all, HLT untimed",
        count_text(left.exits), format_duration(left.monitor, style), count_text(right.exits),
        format_duration(right.monitor, style));
    return text;
}

}
