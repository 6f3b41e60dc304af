#include "core/report/comparison_charts.hpp"

#include "core/report/comparison_words.hpp"
#include "core/report/svg_chart.hpp"
#include "core/trace/time_format.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace ringside {

namespace {

constexpr std::size_t most_reasons = 8;
constexpr double least_share = 0.005; // that can be seen in a chart

// "2 ms": a round number on an axis.
std::string round_duration(double nanoseconds)
{
    constexpr std::pair<double, std::string_view> units[] { { 1e9, "s" }, { 1e6, "ms" }, { 1e3, "µs" }, { 1, "ns" } };
    for (auto [size, name] : units) {
        if (nanoseconds >= size)
            return fmt::format("{:g} {}", nanoseconds / size, name);
    }
    return "0";
}

// 1, 2 or 5 times a power of ten: the least of which five or fewer reach `most`.
double step_up_to(double most)
{
    double power = std::pow(10.0, std::floor(std::log10(most / 5)));
    for (double factor : { 1.0, 2.0, 5.0, 10.0 }) {
        if (power * factor * 5 >= most)
            return power * factor;
    }
    return most;
}

std::string value_of(const ComparisonRow& row)
{
    return fmt::format("{} · {}", format_duration(row.time->median, Style {}), ratio_text(row.ratio, Style {}));
}

std::string described(const Comparison& comparison)
{
    std::string text;
    for (const auto& row : comparison.rows) {
        if (row.time)
            text += fmt::format("{}{}: median {}, from {} to {}, ratio {:.2f}", text.empty() ? "" : "; ", row.strategy,
                format_duration(row.time->median, Style {}), format_duration(row.time->minimum, Style {}),
                format_duration(row.time->maximum, Style {}), row.ratio);
    }
    return text + ".";
}

std::string parts_in_words(const std::vector<TimePart>& parts)
{
    std::string text;
    for (const auto& part : parts) {
        if (part.share >= 0.005)
            text += fmt::format("{}{} {:.0f} %", text.empty() ? "" : " · ", part.name, part.share * 100);
    }
    return text;
}

std::vector<ComparedExit> main_exits(const ComparisonRow& row)
{
    auto exits = row.exits;
    std::ranges::stable_sort(exits, std::ranges::greater {},
        [](const ComparedExit& exit) { return std::max(exit.share, exit.watched_time_share); });
    auto is_small = [](const ComparedExit& exit) { return std::max(exit.share, exit.watched_time_share) < least_share; };
    auto shown = static_cast<std::size_t>(std::ranges::find_if(exits, is_small) - exits.begin());
    exits.resize(std::min(exits.size(), std::clamp<std::size_t>(shown, 1, most_reasons)));
    return exits;
}

}

std::string times_chart(const Comparison& comparison)
{
    SvgChart chart("times", "Time under each strategy, linear", described(comparison));
    double most = 1;
    for (const auto& row : comparison.rows)
        most = row.time ? std::max(most, static_cast<double>(row.time->maximum)) : most;
    auto place = [&](uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / most; };
    for (const auto& row : comparison.rows) {
        if (!row.time)
            continue;
        chart.row(marked_name(row), value_of(row));
        chart.bar(0, place(row.time->median), "guest");
        chart.range(place(row.time->minimum), place(row.time->maximum));
    }
    double step = step_up_to(most);
    for (double tick = 0; tick <= most; tick += step)
        chart.grid(tick / most, round_duration(tick));
    return chart.text();
}

std::string logarithmic_times_chart(const Comparison& comparison)
{
    SvgChart chart("times-logarithmic", "Time under each strategy, logarithmic", described(comparison));
    double least = 1e18, most = 1;
    for (const auto& row : comparison.rows) {
        if (!row.time)
            continue;
        least = std::min(least, std::max(1.0, static_cast<double>(row.time->minimum)));
        most = std::max(most, static_cast<double>(row.time->maximum));
    }
    double from = std::floor(std::log10(least)), to = std::max(from + 1, std::ceil(std::log10(most)));
    auto place = [&](uint64_t nanoseconds) {
        return (std::log10(std::max(1.0, static_cast<double>(nanoseconds))) - from) / (to - from);
    };
    for (const auto& row : comparison.rows) {
        if (!row.time)
            continue;
        chart.row(marked_name(row), value_of(row));
        chart.range(place(row.time->minimum), place(row.time->maximum));
        chart.dot(place(row.time->median));
    }
    for (double decade = from; decade <= to; ++decade)
        chart.grid((decade - from) / (to - from), round_duration(std::pow(10.0, decade)));
    return chart.text();
}

std::string parts_chart(const Comparison& comparison)
{
    std::string description;
    for (const auto& row : comparison.rows) {
        if (row.watched)
            description += fmt::format("{}{}: {}", description.empty() ? "" : "; ", row.strategy, parts_in_words(time_parts(*row.watched)));
    }
    SvgChart chart("parts", "Where the time went under each strategy", description + ".");
    for (const auto& row : comparison.rows) {
        if (!row.watched)
            continue;
        auto parts = time_parts(*row.watched);
        chart.row(marked_name(row) + (parts_are_typical(row) ? "" : " †"), parts_in_words(parts));
        double from = 0;
        for (const auto& part : parts) {
            chart.bar(from, from + part.share, part.name);
            from += part.share;
        }
    }
    return chart.text();
}

std::string exits_chart(const ComparisonRow& row)
{
    std::string description;
    for (const auto& exit : main_exits(row))
        description += fmt::format("{}{}: {} of exits, {} of the monitor's time", description.empty() ? "" : "; ",
            describe(exit.kind).name, share_text(exit.share), share_text(exit.watched_time_share));
    SvgChart chart("exits-" + row.strategy, "Exits by reason under " + row.strategy, description + ".");
    for (const auto& exit : main_exits(row)) {
        chart.row(describe(exit.kind).name,
            fmt::format("{} | {}", share_text(exit.share), exit.kind == EventKind::Halt ? "a wait" : share_text(exit.watched_time_share)), true);
        chart.bar(0, exit.share, "exits");
        chart.second_bar(0, exit.watched_time_share, "monitor");
    }
    return chart.text();
}

}
