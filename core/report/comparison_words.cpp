#include "core/report/comparison_words.hpp"

#include "core/trace/time_format.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace ringside {

namespace {

std::string percent_from(uint64_t median, uint64_t value)
{
    if (median == 0)
        return "-";
    double difference
        = 100.0 * (static_cast<double>(value) - static_cast<double>(median)) / static_cast<double>(median);
    auto rounded = std::lround(difference);
    return fmt::format("{}{}%", rounded >= 0 ? "+" : "-", std::abs(rounded));
}

std::string joined(const std::vector<std::string>& names)
{
    if (names.size() < 2)
        return names.empty() ? "" : names.front();
    return fmt::format("{} and {}", fmt::join(names.begin(), names.end() - 1, ", "), names.back());
}

std::vector<std::string> strategies_with(const Comparison& comparison, Verdict verdict)
{
    std::vector<std::string> names;
    for (const auto& row : comparison.rows) {
        if (row.verdict == verdict)
            names.push_back(row.strategy);
    }
    return names;
}

std::string without_period(std::string text)
{
    while (text.ends_with('.'))
        text.pop_back();
    return text;
}

} // namespace

std::string ratio_text(double ratio, const Style& style)
{
    if (ratio <= 0)
        return "-";
    auto sign = style.unicode ? "×" : "x";
    if (ratio < 9.995)
        return fmt::format("{:.2f} {}", ratio, sign);
    if (ratio < 99.95)
        return fmt::format("{:.1f} {}", ratio, sign);
    return fmt::format("{} {}", format_count(static_cast<uint64_t>(std::llround(ratio))), sign);
}

std::string share_text(double share)
{
    if (share > 0 && share < 0.0005)
        return "< 0.1 %";
    return fmt::format("{:.1f} %", share * 100);
}

std::string spread_text(const Spread& spread)
{
    if (spread.median == 0 || spread.minimum == spread.maximum)
        return "-";
    return fmt::format(
        "{} {}", percent_from(spread.median, spread.minimum), percent_from(spread.median, spread.maximum));
}

std::string marked_name(const ComparisonRow& row)
{
    return row.strategy + (row.verdict == Verdict::Documented ? " *" : "");
}

uint64_t ring_change_count(const Statistics& statistics)
{
    uint64_t sum = 0;
    for (std::size_t from = 0; from < 4; ++from) {
        for (std::size_t to = 0; to < 4; ++to)
            sum += from == to ? 0 : statistics.ring_entries[from][to];
    }
    return sum;
}

std::vector<TimePart> time_parts(const Statistics& statistics)
{
    std::vector<TimePart> parts {
        { "guest", "the guest's own code runs", statistics.guest },
        { "monitor", "the monitor works for the guest", statistics.monitor },
        { "host", "the host's way from one to the other", statistics.host },
        { "waiting", "the guest waits for an interrupt", statistics.halted },
    };
    // The host's part is an estimate: parts may add up to more than the clock says.
    uint64_t sum = 0;
    for (const auto& part : parts)
        sum += part.nanoseconds;
    for (auto& part : parts)
        part.share = sum ? static_cast<double>(part.nanoseconds) / static_cast<double>(sum) : 0;
    return parts;
}

std::string comparison_heading(const Comparison& comparison)
{
    return comparison.title.empty() ? comparison.guest : fmt::format("{}: {}", comparison.guest, comparison.title);
}

std::string result_sentence(const Comparison& comparison, const Style& style)
{
    const auto* best = fastest(comparison);
    if (!best)
        return "No strategy ran the guest to an end that could be timed.";
    const auto& slowest = *std::ranges::max_element(comparison.rows, {}, &ComparisonRow::ratio);
    if (&slowest == best)
        return fmt::format("Only {} was timed: {}.", best->strategy, format_duration(best->time->median, style));
    return fmt::format("{} is the fastest with {}; {} takes {}, {} times as long.", best->strategy,
        format_duration(best->time->median, style), slowest.strategy, format_duration(slowest.time->median, style),
        slowest.ratio < 9.995       ? fmt::format("{:.2f}", slowest.ratio)
            : slowest.ratio < 99.95 ? fmt::format("{:.1f}", slowest.ratio)
                                    : format_count(static_cast<uint64_t>(std::llround(slowest.ratio))));
}

std::string waiting_sentence(const Comparison& comparison)
{
    constexpr double worth_telling = 0.1;
    double wait = largest_wait(comparison);
    if (wait < worth_telling)
        return "";
    return fmt::format("The guest waits for interrupts, up to {:.0f} % of its time. That is the same time under every "
                       "strategy, so the "
                       "ratios are smaller than those of the work that is done.",
        wait * 100);
}

std::string times_sentence(const Comparison& comparison)
{
    if (comparison.runs == 1)
        return "Times: one run of each strategy, after a warm-up, from the guest's first instruction to its end.";
    return fmt::format(
        "Times: the median of {} runs of each strategy, which took turns after a warm-up, from the guest's "
        "first instruction to its end. Spread: its fastest and its slowest run.",
        comparison.runs);
}

std::string watched_sentence(const Comparison& comparison)
{
    constexpr double worth_telling = 1.25;
    std::string text
        = "Exits are counted in the timed runs. Ring changes, durations of exits and the parts of time come from one "
          "more run of each strategy, in which every exit is timed and every change of ring is seen";
    std::vector<std::string> slowed, changed;
    for (const auto& row : comparison.rows) {
        if (double cost = cost_of_watching(row); cost >= worth_telling)
            (parts_are_typical(row) ? slowed : changed).push_back(fmt::format("{} {:.1f} times", row.strategy, cost));
    }
    text += '.';
    if (!slowed.empty())
        text += fmt::format(
            " Being watched takes longer ({} as long), so the monitor's part is larger than without.", joined(slowed));
    if (!changed.empty())
        text += fmt::format(
            " Under some strategies it makes another run of it ({} as long), because what the guest otherwise does by "
            "itself comes to the monitor: the parts of that run are not those of the timed ones.",
            joined(changed));
    return text;
}

std::string equality_sentence(const Comparison& comparison)
{
    auto equal = strategies_with(comparison, Verdict::AsExpected);
    if (equal.empty())
        return "No strategy's guest ended as it should.";
    auto found = std::ranges::find(comparison.rows, Verdict::AsExpected, &ComparisonRow::verdict);
    auto bytes = format_count(found->console.size());
    if (equal.size() == 1)
        return fmt::format("The guest ended as it should under {} ({}, {} bytes on its console).", equal.front(),
            found->outcome, bytes);
    return fmt::format("The guest ended the same ({}) and said the same, all {} bytes on its console, under {}.",
        found->outcome, bytes, joined(equal));
}

std::vector<std::string> row_notes(const Comparison& comparison)
{
    std::vector<std::string> notes;
    for (const auto& row : comparison.rows) {
        auto reason = without_period(row.reason);
        if (row.verdict == Verdict::Documented)
            notes.push_back(fmt::format(
                "{} *: it ends otherwise ({}), as the scenario says: {}.", row.strategy, row.outcome, reason));
        else if (row.good() && !row.time)
            notes.push_back(
                fmt::format("{}: not timed: the guest runs until it is stopped ({}).", row.strategy, row.outcome));
        else if (!row.good())
            notes.push_back(fmt::format("{}: not compared: {}.", row.strategy, reason));
    }
    return notes;
}

std::vector<std::string> missing_notes(const Comparison& comparison)
{
    std::vector<std::string> notes;
    for (const auto& missing : comparison.missing) {
        auto text = fmt::format("{} is missing: {}.", missing.strategy, without_period(missing.reason));
        if (!missing.remedy.empty())
            text += fmt::format(" Remedy: {}.", without_period(missing.remedy));
        notes.push_back(std::move(text));
    }
    return notes;
}

} // namespace ringside
