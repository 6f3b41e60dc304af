#include "core/trace/statistics.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ringside {

namespace {

double share(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

// The counters come from a process that may have died while writing: sums saturate.
uint64_t saturating_sum(uint64_t a, uint64_t b)
{
    return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

ExitStatistics exit_of(EventKind kind, const TraceTotals& totals)
{
    const auto& counter = totals[kind];
    const auto& scale = totals.scale;
    bool timed = counter.minimum != UINT64_MAX;
    return { .kind = kind,
        .count = counter.count,
        .total = scale.nanoseconds(counter.total),
        .minimum = timed ? scale.nanoseconds(counter.minimum) : 0,
        .maximum = scale.nanoseconds(counter.maximum),
        .mean = scale.nanoseconds(counter.total / counter.count),
        .timed = timed };
}

void add_exit(Statistics& statistics, const ExitStatistics& exit)
{
    auto& sum = exit.kind == EventKind::Halt ? statistics.halted : statistics.monitor;
    sum = saturating_sum(sum, exit.total);
    statistics.exit_count = saturating_sum(statistics.exit_count, exit.count);
    statistics.exits.push_back(exit);
}

void set_shares(Statistics& statistics)
{
    for (auto& exit : statistics.exits) {
        exit.count_share = share(exit.count, statistics.exit_count);
        exit.time_share = exit.kind == EventKind::Halt ? 0.0 : share(exit.total, statistics.monitor);
    }
    std::stable_sort(statistics.exits.begin(), statistics.exits.end(), [&](const auto& a, const auto& b) {
        bool a_waits = a.kind == EventKind::Halt, b_waits = b.kind == EventKind::Halt;
        if (a_waits != b_waits)
            return b_waits;
        return statistics.timed && a.total != b.total ? a.total > b.total : a.count > b.count;
    });
}

nlohmann::json exit_json(const ExitStatistics& exit, bool timed)
{
    nlohmann::json json { { "name", describe(exit.kind).name }, { "count", exit.count },
        { "count_share", exit.count_share } };
    auto measured
        = [&](const char* name, auto value) { json[name] = timed && exit.timed ? nlohmann::json(value) : nlohmann::json(); };
    measured("total_ns", exit.total);
    measured("min_ns", exit.minimum);
    measured("max_ns", exit.maximum);
    measured("mean_ns", exit.mean);
    json["time_share"] = timed && exit.timed && exit.kind != EventKind::Halt ? nlohmann::json(exit.time_share) : nlohmann::json();
    return json;
}

nlohmann::json ring_changes_json(const Statistics& statistics)
{
    auto list = nlohmann::json::array();
    for (std::size_t from = 0; from < 4; ++from) {
        for (std::size_t to = 0; to < 4; ++to) {
            if (auto count = statistics.ring_entries[from][to]; count && from != to)
                list.push_back({ { "from", from }, { "to", to }, { "count", count } });
        }
    }
    return list;
}

}

Statistics statistics_of(const TraceTotals& totals)
{
    Statistics statistics;
    statistics.timed = totals.tick_source == TickSource::TimeStampCounter;
    statistics.exact_rings = totals.exact_rings && !totals.rings_unseen;
    statistics.rings_unseen = totals.rings_unseen;
    statistics.ring_entries = totals.ring_entries;
    statistics.blocks = totals.blocks;
    statistics.dropped = totals.dropped;
    statistics.wall = totals.scale.nanoseconds(totals.elapsed);
    for (const auto& description : event_descriptions()) {
        auto count = totals[description.kind].count;
        if (count == 0 || description.kind == EventKind::RingChange)
            continue;
        if (description.category == EventCategory::Exit)
            add_exit(statistics, exit_of(description.kind, totals));
        else
            statistics.other_events.emplace_back(description.kind, count);
    }
    set_shares(statistics);
    statistics.host = totals.scale.nanoseconds(totals.host);
    auto not_guest = saturating_sum(saturating_sum(statistics.monitor, statistics.halted), statistics.host);
    statistics.guest = statistics.wall > not_guest ? statistics.wall - not_guest : 0;
    return statistics;
}

nlohmann::json statistics_json(const Statistics& statistics)
{
    nlohmann::json json;
    json["exits"] = nlohmann::json::array();
    for (const auto& exit : statistics.exits)
        json["exits"].push_back(exit_json(exit, statistics.timed));
    json["exit_count"] = statistics.exit_count;
    json["ring_changes"] = ring_changes_json(statistics);
    json["ring_changes_exact"] = statistics.exact_rings;
    json["events"] = nlohmann::json::object();
    for (const auto& [kind, count] : statistics.other_events)
        json["events"][std::string(describe(kind).name)] = count;
    json["blocks"] = statistics.blocks ? nlohmann::json(statistics.blocks) : nlohmann::json();
    json["dropped"] = statistics.dropped;
    json["wall_ns"] = statistics.wall ? nlohmann::json(statistics.wall) : nlohmann::json();
    bool split = statistics.timed && statistics.wall;
    json["guest_ns"] = split ? nlohmann::json(statistics.guest) : nlohmann::json();
    json["monitor_ns"] = statistics.timed ? nlohmann::json(statistics.monitor) : nlohmann::json();
    json["host_ns"] = statistics.timed ? nlohmann::json(statistics.host) : nlohmann::json();
    json["halted_ns"] = statistics.timed ? nlohmann::json(statistics.halted) : nlohmann::json();
    return json;
}

}
