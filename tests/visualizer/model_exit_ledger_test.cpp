#include "tests/support/text.hpp"
#include "tests/visualizer/model_samples.hpp"
#include "visualizer/model/exit_ledger.hpp"

#include <nlohmann/json.hpp>

using namespace ringside;
using namespace ringside::visualizer;
namespace sample = ringside::visualizer::test;

static ExitSums sums_of(const std::vector<EventRecord>& events)
{
    ExitSums sums;
    for (const auto& event : events)
        sums.add(event);
    return sums;
}

static const std::vector<EventRecord> some { sample::exit_at(0, 20), sample::exit_at(100, 40), sample::ring_change(150, 0, 3),
    sample::exit_at(200, 140, EventKind::Cpuid), sample::exit_at(1000, 50'000, EventKind::Halt) };

TEST_CASE("a ledger has count, shares and times by reason, the most time first and waiting last", "[visualizer][ledger]")
{
    auto ledger = ledger_of(sums_of(some), { 2'000'000'000, 0 }); // half a nanosecond a tick
    REQUIRE(ledger.rows.size() == 3);
    CHECK(ledger.rows[0].kind == EventKind::Cpuid);
    CHECK(ledger.rows[1].kind == EventKind::PortWrite);
    CHECK(ledger.rows[2].kind == EventKind::Halt);
    const auto& port = ledger.rows[1];
    CHECK(port.count == 2);
    CHECK(port.count_share == Approx(0.5));
    CHECK(port.time_share == Approx(0.3));
    CHECK(port.total == 30);
    CHECK(port.minimum == 10);
    CHECK(port.mean == 15);
    CHECK(port.maximum == 20);
    CHECK(port.histogram[5] == 1); // 16..31 ticks
    CHECK(port.histogram[6] == 1);
    CHECK(ledger.exits == 4);
    CHECK(ledger.monitor == 100);
    CHECK(ledger.halted == 25'000);
    CHECK(ledger.rows[2].time_share == 0);
}

TEST_CASE("buckets begin where the bucket of their durations says", "[visualizer][ledger]")
{
    for (std::size_t bucket = 1; bucket < duration_buckets; ++bucket) {
        auto begin = static_cast<uint32_t>(bucket_begin(bucket));
        CHECK(duration_bucket(begin) == bucket);
        CHECK(duration_bucket(begin - 1) == bucket - 1);
    }
    CHECK(duration_bucket(UINT32_MAX) == duration_buckets - 1);
}

TEST_CASE("a ledger of a range has the exits that end in it", "[visualizer][ledger]")
{
    auto store = sample::store_of(some);
    auto ledger = ledger_of(store.exits({ 100, 300 }), store.scale());
    REQUIRE(ledger.rows.size() == 1);
    CHECK(ledger.rows[0].kind == EventKind::PortWrite);
    CHECK(ledger.rows[0].count == 1);
    CHECK(ledger_of(store.exits({ 5000, 5000 }), store.scale()).rows.empty());
}

TEST_CASE("under the virtual clock a ledger counts, and measures nothing", "[visualizer][ledger]")
{
    auto ledger = ledger_of(sums_of(some), {}, false);
    CHECK(ledger.exits == 4);
    CHECK(ledger.monitor == 0);
    CHECK(ledger_text(ledger, {}).find("Durations are not measured") != std::string::npos);
    CHECK(ledger_json(ledger)["exits"][0]["mean_ns"].is_null());
}

TEST_CASE("two ledgers side by side have a row for each reason of either", "[visualizer][ledger]")
{
    auto left = ledger_of(sums_of(some), {});
    auto right = ledger_of(sums_of({ sample::exit_at(0, 10, EventKind::Hypercall), sample::exit_at(20, 500) }), {});
    auto rows = compare_ledgers(left, right).rows;
    REQUIRE(rows.size() == 4);
    CHECK(rows[0].kind == EventKind::PortWrite);
    CHECK(rows[0].left->count == 2);
    CHECK(rows[0].right->count == 1);
    CHECK(rows[1].kind == EventKind::Cpuid);
    CHECK(rows[1].right == nullptr);
    CHECK(rows[2].kind == EventKind::Hypercall);
    CHECK(rows[2].left == nullptr);
    CHECK(rows[3].kind == EventKind::Halt);
    auto json = comparison_json(left, right);
    CHECK(json[1]["right"].is_null());
    CHECK(json[2]["right"]["total_ns"] == 10);
}

TEST_CASE("ledgers as text stay within 80 columns, in ASCII too, whatever the numbers", "[visualizer][ledger]")
{
    std::vector<EventRecord> every;
    for (const auto& description : event_descriptions()) {
        for (uint32_t bit = 0; bit < 32; ++bit)
            every.push_back(sample::exit_at(0, uint32_t { 1 } << bit, description.kind));
    }
    auto sums = sums_of(every);
    sums.kinds[0].count = 12'345'678'901;
    for (bool unicode : { true, false }) {
        Style style { .unicode = unicode };
        auto ledger = ledger_of(sums, {});
        auto text = ledger_text(ledger, style);
        CHECK(ringside::test::widest_line(text) <= 80);
        CHECK(text.find("shadow-fill") != std::string::npos);
        CHECK(text.find('\x1B') == std::string::npos);
        auto both = comparison_text(ledger, "trap", ledger, std::string(60, 'x'), style);
        CHECK(ringside::test::widest_line(both) <= 80);
        if (!unicode)
            CHECK(std::ranges::all_of(text + both, [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
    }
}

TEST_CASE("a histogram shows what is rare beside what is frequent", "[visualizer][ledger]")
{
    auto sums = sums_of({ sample::exit_at(0, 5) });
    sums.kinds[static_cast<std::size_t>(EventKind::PortWrite)].count = 1'000'001;
    sums.kinds[static_cast<std::size_t>(EventKind::PortWrite)].histogram[10] = 1'000'000;
    auto text = ledger_text(ledger_of(sums, {}), { .unicode = false });
    CHECK(text.find("4 ns [.      #] 1.02 us") != std::string::npos);
}
