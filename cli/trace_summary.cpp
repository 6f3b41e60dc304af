#include "cli/trace_summary.hpp"

#include "cli/messages.hpp"
#include "cli/output.hpp"
#include "cli/run_report.hpp"
#include "core/machine/kernel_image.hpp"
#include "core/trace/statistics.hpp"
#include "core/trace/time_format.hpp"
#include "visualizer/model/event_sums.hpp"
#include "visualizer/model/exit_ledger.hpp"
#include "visualizer/model/trace_loading.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <unistd.h>

namespace ringside {

namespace {

using visualizer::ExitLedger;
using visualizer::ExitSums;

// Read event by event: a trace may be larger than memory.
struct Summary {
    TraceHeader header;
    ExitSums sums;
    std::array<std::array<uint64_t, 4>, 4> ring_changes {}; // [from][to]
    uint64_t events = 0;
    uint64_t begin = UINT64_MAX; // ticks
    uint64_t end = 0;
    std::optional<TraceTotals> totals;
    std::string losses;
    std::optional<Error> cut_short;

    void add(const EventRecord& event)
    {
        ++events;
        sums.add(event);
        begin = std::min(begin, event.time);
        end = std::max(end, visualizer::end_of(event));
        if (event.kind == EventKind::RingChange)
            ++ring_changes[event.a & 3][event.b & 3];
    }
    uint64_t length() const { return end > begin ? header.scale.nanoseconds(end - begin) : 0; }
    ExitLedger ledger() const { return ledger_of(sums, header.scale, header.clock == ClockKind::Host); }
};

Result<Summary> summarize(const std::string& path)
{
    auto reader = TraceReader::open(path);
    if (!reader)
        return reader.propagate();
    Summary summary;
    summary.header = reader->header();
    std::vector<EventRecord> block;
    while (reader->next(block)) {
        for (const auto& event : block)
            summary.add(event);
    }
    summary.totals = reader->totals();
    summary.losses = visualizer::losses_of(*reader, summary.events);
    if (reader->ending().kind != TraceEnding::Kind::Complete)
        summary.cut_short = Error { ExitCode::BadImage,
            fmt::format("{}: {}", printable(path), reader->ending().message), "everything before that was summed up" };
    return summary;
}

void add_fact(std::string& text, std::string_view name, std::string_view value)
{
    fmt::format_to(std::back_inserter(text), "{:<18} {}\n", name, value);
}

// As many to a line as 80 columns hold.
void add_list(std::string& text, std::string_view name, const std::vector<std::string>& items)
{
    constexpr std::size_t room = 80 - 19;
    std::string line;
    for (const auto& item : items) {
        if (!line.empty() && line.size() + 3 + item.size() > room) {
            add_fact(text, std::exchange(name, ""), line);
            line.clear();
        }
        line += (line.empty() ? "" : "   ") + item;
    }
    add_fact(text, name, items.empty() ? "none" : line);
}

std::vector<std::string> ring_change_list(const Summary& summary)
{
    std::vector<std::string> items;
    for (std::size_t from = 0; from < 4; ++from) {
        for (std::size_t to = 0; to < 4; ++to) {
            if (auto count = summary.ring_changes[from][to]; count && from != to)
                items.push_back(fmt::format("{} to {}: {}", from, to, format_count(count)));
        }
    }
    return items;
}

std::vector<std::string> other_event_list(const Summary& summary)
{
    std::vector<std::string> items;
    for (const auto& description : event_descriptions()) {
        auto count = summary.sums[description.kind].count;
        if (count > 0 && description.category != EventCategory::Exit && description.kind != EventKind::RingChange)
            items.push_back(fmt::format("{} {}", description.name, format_count(count)));
    }
    return items;
}

void add_time_split(std::string& text, const TraceTotals& totals, const Style& style)
{
    auto statistics = statistics_of(totals);
    if (statistics.wall == 0)
        return;
    add_fact(text, statistics.timed ? "Wall time" : "Virtual time", format_duration(statistics.wall, style));
    if (!statistics.timed)
        return;
    auto part = [&](std::string_view name, uint64_t time) {
        add_fact(text, fmt::format("  {}", name),
            fmt::format("{:>10} {:>6.1f}%", format_duration(time, style),
                100 * static_cast<double>(time) / static_cast<double>(statistics.wall)));
    };
    part("guest", statistics.guest);
    part("monitor", statistics.monitor);
    if (statistics.host > 0)
        part("host", statistics.host);
    part("waiting", statistics.halted);
}

std::string wrapped(std::string_view text, std::size_t width)
{
    std::string lines;
    while (text.size() > width) {
        auto cut = text.rfind(' ', width);
        if (cut == std::string_view::npos || cut == 0)
            cut = width;
        lines += std::string(text.substr(0, cut)) + '\n';
        text.remove_prefix(std::min(text.size(), cut + (text[cut] == ' ')));
    }
    return lines + std::string(text) + '\n';
}

std::string summary_text(const Summary& summary, const Style& style)
{
    auto text = wrapped(fmt::format("A trace of {} under {}, {} clock.", printable(summary.header.scenario),
                            printable(summary.header.strategy), summary.header.clock == ClockKind::Host ? "host" : "virtual"),
        80);
    text += fmt::format(
        "{} events in {}.\n\n", format_count(summary.events), format_duration(summary.length(), style));
    text += ledger_text(summary.ledger(), style) + '\n';
    add_list(text, "Ring changes", ring_change_list(summary));
    add_list(text, "Other events", other_event_list(summary));
    if (summary.totals)
        add_time_split(text, *summary.totals, style);
    return text + wrapped(summary.losses.empty() ? "Nothing is lost." : "Lost: " + summary.losses + '.', 80);
}

nlohmann::json summary_json(const Summary& summary)
{
    auto json = ledger_json(summary.ledger());
    json["scenario"] = summary.header.scenario;
    json["strategy"] = summary.header.strategy;
    json["clock"] = summary.header.clock == ClockKind::Host ? "host" : "virtual";
    json["events"] = summary.events;
    json["length_ns"] = summary.length();
    json["ring_changes"] = nlohmann::json::array();
    for (std::size_t from = 0; from < 4; ++from) {
        for (std::size_t to = 0; to < 4; ++to) {
            if (auto count = summary.ring_changes[from][to]; count && from != to)
                json["ring_changes"].push_back({ { "from", from }, { "to", to }, { "count", count } });
        }
    }
    json["other_events"] = nlohmann::json::object();
    for (const auto& description : event_descriptions()) {
        auto count = summary.sums[description.kind].count;
        if (count > 0 && description.category != EventCategory::Exit && description.kind != EventKind::RingChange)
            json["other_events"][std::string(description.name)] = count;
    }
    json["totals"] = summary.totals ? statistics_json(statistics_of(*summary.totals)) : nlohmann::json();
    json["complete"] = !summary.cut_short;
    json["losses"] = summary.losses;
    return json;
}

}

int show_trace_summary(const std::string& path, bool json, ColorChoice color)
{
    auto summary = summarize(path);
    if (!summary)
        return report(summary.error());
    int status
        = answer(json ? json_text(summary_json(*summary)) : summary_text(*summary, style_for(STDOUT_FILENO, color)));
    return summary->cut_short ? report(*summary->cut_short) : status;
}

}
