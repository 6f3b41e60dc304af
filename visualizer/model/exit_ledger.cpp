#include "visualizer/model/exit_ledger.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

namespace ringside::visualizer {

namespace {

double share(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

LedgerRow row_of(EventKind kind, const KindSums& sums, const TickScale& scale, bool timed)
{
    LedgerRow row;
    row.kind = kind;
    row.count = sums.count;
    if (!timed)
        return row;
    row.total = scale.nanoseconds(sums.total);
    row.minimum = scale.nanoseconds(sums.minimum);
    row.mean = scale.nanoseconds(sums.total / sums.count);
    row.maximum = scale.nanoseconds(sums.maximum);
    row.histogram = sums.histogram;
    return row;
}

// Waiting last, then the most time first, then the most exits.
auto rank(const LedgerRow& row)
{
    return std::tuple { row.kind == EventKind::Halt, ~row.total, ~row.count, row.kind };
}

void add_row(LedgerComparison& comparison, const LedgerRow& row, bool is_left)
{
    auto found = std::ranges::find(comparison.rows, row.kind, &LedgerComparison::Row::kind);
    if (found == comparison.rows.end())
        found = comparison.rows.insert(found, { .kind = row.kind });
    (is_left ? found->left : found->right) = &row;
}

nlohmann::json histogram_json(const LedgerRow& row, const TickScale& scale)
{
    auto buckets = nlohmann::json::array();
    for (std::size_t bucket = 0; bucket < duration_buckets; ++bucket) {
        if (row.histogram[bucket] > 0)
            buckets.push_back(
                { { "from_ns", scale.nanoseconds(bucket_begin(bucket)) }, { "count", row.histogram[bucket] } });
    }
    return buckets;
}

nlohmann::json row_json(const LedgerRow& row, const ExitLedger& ledger)
{
    nlohmann::json json { { "name", describe(row.kind).name }, { "count", row.count },
        { "count_share", row.count_share } };
    auto measured = [&](const char* name, auto value) {
        json[name] = ledger.timed ? nlohmann::json(value) : nlohmann::json();
    };
    measured("total_ns", row.total);
    measured("min_ns", row.minimum);
    measured("mean_ns", row.mean);
    measured("max_ns", row.maximum);
    measured("histogram", histogram_json(row, ledger.scale));
    json["time_share"] = ledger.timed && row.kind != EventKind::Halt ? nlohmann::json(row.time_share) : nlohmann::json();
    return json;
}

}

const LedgerRow* ExitLedger::find(EventKind kind) const
{
    auto found = std::ranges::find(rows, kind, &LedgerRow::kind);
    return found == rows.end() ? nullptr : &*found;
}

ExitLedger ledger_of(const ExitSums& sums, const TickScale& scale, bool timed)
{
    ExitLedger ledger;
    ledger.timed = timed;
    ledger.scale = scale;
    for (const auto& description : event_descriptions()) {
        const auto& kind = sums[description.kind];
        if (description.category != EventCategory::Exit || kind.count == 0)
            continue;
        ledger.rows.push_back(row_of(description.kind, kind, scale, timed));
        ledger.exits += kind.count;
        (description.kind == EventKind::Halt ? ledger.halted : ledger.monitor) += ledger.rows.back().total;
    }
    for (auto& row : ledger.rows) {
        row.count_share = share(row.count, ledger.exits);
        row.time_share = row.kind == EventKind::Halt ? 0.0 : share(row.total, ledger.monitor);
    }
    std::ranges::sort(ledger.rows, {}, rank);
    return ledger;
}

LedgerComparison compare_ledgers(const ExitLedger& left, const ExitLedger& right)
{
    LedgerComparison comparison;
    for (const auto& row : left.rows)
        add_row(comparison, row, true);
    for (const auto& row : right.rows)
        add_row(comparison, row, false);
    auto cost = [](const LedgerComparison::Row& row) {
        LedgerRow both;
        both.kind = row.kind;
        for (const auto* side : { row.left, row.right }) {
            both.total += side ? side->total : 0;
            both.count += side ? side->count : 0;
        }
        return rank(both);
    };
    std::ranges::sort(comparison.rows, {}, cost);
    return comparison;
}

nlohmann::json ledger_json(const ExitLedger& ledger)
{
    auto rows = nlohmann::json::array();
    for (const auto& row : ledger.rows)
        rows.push_back(row_json(row, ledger));
    auto time = [&](uint64_t value) { return ledger.timed ? nlohmann::json(value) : nlohmann::json(); };
    return { { "exits", rows }, { "exit_count", ledger.exits }, { "monitor_ns", time(ledger.monitor) },
        { "halted_ns", time(ledger.halted) } };
}

nlohmann::json comparison_json(const ExitLedger& left, const ExitLedger& right)
{
    auto rows = nlohmann::json::array();
    for (const auto& row : compare_ledgers(left, right).rows) {
        rows.push_back({ { "name", describe(row.kind).name },
            { "left", row.left ? row_json(*row.left, left) : nlohmann::json() },
            { "right", row.right ? row_json(*row.right, right) : nlohmann::json() } });
    }
    return rows;
}

}
