#include "core/session/nano_figures.hpp"

#include "core/session/comparison.hpp"
#include "core/trace/recorder.hpp"

#include <algorithm>
#include <cstdint>

namespace ringside {

namespace {

constexpr std::array<NanoOperation, nano_operation_count> operations { {
    { "syscall", "a system call, from ring 3 to ring 0 and back", PaperFigures { 242, 2308, 246 } },
    { "in", "a device's register read from a port", PaperFigures { 3209, 216, 15826 } },
    { "cr8wr", "the task priority written (here: in the local APIC)", PaperFigures { 150, 35, 177 } },
    { "callret", "a call and its return", PaperFigures { 11, 51, 11 } },
    { "pgfault", "a page fault that the guest's own handler gets", PaperFigures { 1093, 3927, 11242 } },
    { "divzero", "a division by zero, the same", PaperFigures { 889, 3223, 1014 } },
    { "ptemod", "a page table entry changed", PaperFigures { 1, 391, 12733 } },
    { "remap", "the same with INVLPG and the first use", std::nullopt },
    { "rdtsc", "the time-stamp counter read", std::nullopt },
} };

constexpr std::string_view begin_of_figure = "nanobench: ";
constexpr std::size_t rdtsc = nano_operation_count - 1;
static_assert(operations[rdtsc].name == "rdtsc");

std::optional<std::size_t> number_of(std::string_view name)
{
    auto found = std::ranges::find(operations, name, &NanoOperation::name);
    return found == operations.end() ? std::nullopt : std::optional { static_cast<std::size_t>(found - operations.begin()) };
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// "1234.5"; what is longer than any guest's figure is none.
std::optional<double> parse_ticks(std::string_view text)
{
    constexpr std::size_t longest = 12;
    auto point = text.find('.');
    if (text.size() > longest || point == 0 || point == std::string_view::npos || point + 2 != text.size())
        return std::nullopt;
    double tenths = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i == point)
            continue;
        if (!is_digit(text[i]))
            return std::nullopt;
        tenths = tenths * 10 + (text[i] - '0');
    }
    return tenths / 10;
}

void parse_line(std::string_view line, NanoFigures& figures)
{
    if (!line.starts_with(begin_of_figure))
        return;
    line.remove_prefix(begin_of_figure.size());
    auto space = line.find(' ');
    if (space == std::string_view::npos)
        return;
    auto number = number_of(line.substr(0, space));
    if (number && !figures[*number])
        figures[*number] = parse_ticks(line.substr(space + 1));
}

std::optional<double> median(std::vector<double> values)
{
    if (values.empty())
        return std::nullopt;
    std::ranges::sort(values);
    auto middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

NanoFigures figures_of(const ComparisonRow& row)
{
    std::vector<NanoFigures> runs;
    for (const auto& run : row.runs)
        runs.push_back(parse_nano_figures(run.debug_output));
    return median_figures(runs);
}

}

std::span<const NanoOperation, nano_operation_count> nano_operations()
{
    return operations;
}

NanoFigures parse_nano_figures(std::string_view debug_output)
{
    NanoFigures figures;
    while (!debug_output.empty()) {
        auto end = std::min(debug_output.find('\n'), debug_output.size());
        parse_line(debug_output.substr(0, end), figures);
        debug_output.remove_prefix(std::min(end + 1, debug_output.size()));
    }
    return figures;
}

bool has_any(const NanoFigures& figures)
{
    return std::ranges::any_of(figures, [](const auto& figure) { return figure.has_value(); });
}

NanoFigures median_figures(std::span<const NanoFigures> runs)
{
    NanoFigures medians;
    for (std::size_t operation = 0; operation < nano_operation_count; ++operation) {
        std::vector<double> values;
        for (const auto& run : runs) {
            if (run[operation])
                values.push_back(*run[operation]);
        }
        medians[operation] = median(std::move(values));
    }
    return medians;
}

std::array<TimeStampWay, time_stamp_way_count> time_stamp_ways()
{
    return { { { "native", "RDTSC as it is", std::nullopt }, { "inline", "in the translation, with the guest's offset", 216 },
        { "callout", "a call of the monitor", 1254 }, { "trap", "a fault, which the monitor's handler takes", 2030 } } };
}

std::optional<NanoComparison> nano_comparison_of(const Comparison& comparison)
{
    NanoComparison nano;
    bool any = false;
    for (const auto& row : comparison.rows) {
        nano.columns.push_back({ row.strategy, figures_of(row) });
        any |= has_any(nano.columns.back().figures);
    }
    if (!any)
        return std::nullopt;
    nano.ticks_per_second = static_cast<double>(time_stamp_counter_frequency());
    return nano;
}

std::optional<double> time_stamp_ticks(const Comparison& comparison)
{
    return comparison.rows.empty() ? std::nullopt : figures_of(comparison.rows.front())[rdtsc];
}

}
