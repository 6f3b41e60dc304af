#include "tests/visualizer/model_samples.hpp"

#include <limits>

using namespace ringside;
using namespace ringside::visualizer;
namespace sample = ringside::visualizer::test;

static void check_same(const EventSummary& fast, const EventSummary& slow)
{
    REQUIRE(fast.events == slow.events);
    REQUIRE(fast.counts == slow.counts);
    REQUIRE(fast.in_ring == slow.in_ring);
    REQUIRE(fast.in_monitor == slow.in_monitor);
    REQUIRE(fast.halted == slow.halted);
    REQUIRE(fast.longest_exit == slow.longest_exit);
}

TEST_CASE("an empty store has nothing anywhere", "[visualizer][store]")
{
    EventStore store;
    CHECK(store.range() == TickRange {});
    CHECK(store.first_at_or_after(0) == 0);
    CHECK(store.summary({ 0, 100 }).events.size() == 0);
    CHECK(store.exits({ 0, 100 })[EventKind::Halt].count == 0);
    CHECK_FALSE(store.exit_at(5));
}

TEST_CASE("a store gives back what was appended, however it came", "[visualizer][store]")
{
    auto events = sample::random_run(40'000, 1);
    EventStore store;
    for (std::size_t i = 0; i < events.size(); i += 777)
        store.append(std::span { events }.subspan(i, std::min<std::size_t>(777, events.size() - i)));
    REQUIRE(store.size() == events.size());
    for (std::size_t i = 0; i < events.size(); ++i)
        REQUIRE(store[i] == events[i]);
}

TEST_CASE("the summary of any range is what counting event by event gives, with exact edges", "[visualizer][store]")
{
    auto size = GENERATE(1u, 63u, 64u, 65u, 128u, 1000u, 16384u, 20'000u);
    auto events = sample::random_run(size, size);
    auto store = sample::store_of(events);
    std::mt19937_64 random(size);
    auto end = store.range().end + 100;
    for (int i = 0; i < 60; ++i) {
        uint64_t a = random() % end, b = random() % end;
        TickRange range { std::min(a, b), i % 3 == 0 ? std::min(a, b) + b % 40 : std::max(a, b) };
        CAPTURE(size, range.begin, range.end);
        check_same(store.summary(range), sample::slow_summary(events, range));
    }
    check_same(store.summary({ 0, UINT64_MAX }), sample::slow_summary(events, { 0, UINT64_MAX }));
}

TEST_CASE("cells side by side hold every event once, and together all of the time", "[visualizer][store]")
{
    auto cells = GENERATE(1u, 7u, 1280u);
    auto events = sample::random_run(50'000, 5);
    auto store = sample::store_of(events);
    auto range = store.range();
    std::vector<uint64_t> edges;
    for (uint64_t i = 0; i <= cells; ++i)
        edges.push_back(range.begin + (range.end - range.begin) * i / cells);
    std::vector<EventSummary> summaries;
    store.summaries(edges, summaries);
    REQUIRE(summaries.size() == cells);
    auto whole = sample::slow_summary(events, range);
    EventSummary sum;
    uint64_t next = 0;
    for (std::size_t i = 0; i < cells; ++i) {
        REQUIRE(summaries[i].events.begin == next);
        next = summaries[i].events.end;
        for (std::size_t kind = 0; kind < event_kind_count; ++kind)
            sum.counts[kind] += summaries[i].counts[kind];
        for (std::size_t ring = 0; ring < 4; ++ring)
            sum.in_ring[ring] += summaries[i].in_ring[ring];
        sum.in_monitor += summaries[i].in_monitor;
        sum.halted += summaries[i].halted;
        sum.longest_exit = std::max(sum.longest_exit, summaries[i].longest_exit);
        if (cells <= 7)
            check_same(summaries[i], sample::slow_summary(events, { edges[i], edges[i + 1] }));
    }
    sum.events = { 0, next };
    check_same(sum, whole);
    CHECK(next == events.size());
}

TEST_CASE("one rare event among a million shows in exactly its cell", "[visualizer][store]")
{
    std::vector<EventRecord> events;
    constexpr uint64_t rare = 654'321;
    for (uint64_t i = 0; i < 1'000'000; ++i)
        events.push_back(sample::exit_at(10 * i, 3, i == rare ? EventKind::Cpuid : EventKind::PortRead));
    auto store = sample::store_of(events);
    std::vector<uint64_t> edges;
    for (uint64_t i = 0; i <= 100; ++i)
        edges.push_back(100'000 * i);
    std::vector<EventSummary> summaries;
    store.summaries(edges, summaries);
    for (std::size_t i = 0; i < summaries.size(); ++i)
        REQUIRE(summaries[i].count(EventKind::Cpuid) == (i == 65));
    CHECK(store.nth_of_kind(EventKind::Cpuid, 0) == rare);
    CHECK(store.count_before(EventKind::Cpuid, rare) == 0);
    CHECK(store.count_before(EventKind::Cpuid, rare + 1) == 1);
}

TEST_CASE("the nth event of a kind is found, and counted up to", "[visualizer][store]")
{
    auto events = sample::random_run(40'000, 9);
    auto store = sample::store_of(events);
    uint64_t seen = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (events[i].kind != EventKind::ShadowFill)
            continue;
        if (seen % 37 == 0) {
            REQUIRE(store.nth_of_kind(EventKind::ShadowFill, seen) == i);
            REQUIRE(store.count_before(EventKind::ShadowFill, i) == seen);
        }
        ++seen;
    }
    CHECK(store.count_before(EventKind::ShadowFill, store.size()) == seen);
}

TEST_CASE("exits by reason over a range are what adding them up gives", "[visualizer][store]")
{
    auto events = sample::random_run(70'000, 11);
    auto store = sample::store_of(events);
    std::mt19937_64 random(3);
    for (int i = 0; i < 20; ++i) {
        uint64_t a = random() % store.range().end, b = random() % store.range().end;
        TickRange range { std::min(a, b), i == 0 ? UINT64_MAX : std::max(a, b) };
        ExitSums slow;
        for (const auto& event : events) {
            if (end_of(event) >= range.begin && end_of(event) < range.end)
                slow.add(event);
        }
        auto fast = store.exits(range);
        for (std::size_t kind = 0; kind < event_kind_count; ++kind) {
            CAPTURE(i, kind);
            REQUIRE(fast.kinds[kind].count == slow.kinds[kind].count);
            REQUIRE(fast.kinds[kind].total == slow.kinds[kind].total);
            REQUIRE(fast.kinds[kind].minimum == slow.kinds[kind].minimum);
            REQUIRE(fast.kinds[kind].maximum == slow.kinds[kind].maximum);
            REQUIRE(fast.kinds[kind].histogram == slow.kinds[kind].histogram);
        }
    }
}

TEST_CASE("time that two exits share counts once, and the inner one is found", "[visualizer][store]")
{
    // An exit's record follows those of what the monitor did during it.
    auto store = sample::store_of({ sample::exit_at(20, 10, EventKind::ShadowFill), sample::exit_at(0, 100), sample::exit_at(200, 10) });
    CHECK(store.summary({ 0, 300 }).in_monitor == 110);
    CHECK(store.summary({ 10, 25 }).in_monitor == 15);
    CHECK(store.summary({ 25, 205 }).in_monitor == 80);
    CHECK(store.exit_at(25) == 0u);
    CHECK(store.exit_at(15) == 1u);
    CHECK(store.exit_at(99) == 1u);
    CHECK_FALSE(store.exit_at(100));
    CHECK(store.exit_at(205) == 2u);
}

TEST_CASE("an exit is found by a moment in it even with a thousand events during it", "[visualizer][store]")
{
    std::vector<EventRecord> events;
    for (uint64_t i = 0; i < 1000; ++i)
        events.push_back({ .time = 100 + i, .kind = EventKind::InterruptLine });
    events.push_back(sample::exit_at(50, 5000, EventKind::Halt));
    auto store = sample::store_of(events);
    CHECK(store.exit_at(60) == 1000u);
    CHECK(store.exit_at(5049) == 1000u);
    CHECK_FALSE(store.exit_at(5050));
    CHECK(store.summary({ 0, 10'000 }).halted == 5000);
    CHECK(store.summary({ 0, 10'000 }).in_monitor == 0);
}

TEST_CASE("the longest exit of a range is found, a wait in HLT is none", "[visualizer][store]")
{
    auto events = sample::random_run(30'000, 21);
    events[12'345] = sample::exit_at(events[12'345].time, 9000, EventKind::Cpuid);
    auto store = sample::store_of(events);
    auto found = store.longest_exit({ 0, store.size() });
    REQUIRE(found);
    CHECK(*found == 12'345);
    CHECK_FALSE(store.longest_exit({ 5, 5 }));
    CHECK_FALSE(sample::store_of({ sample::exit_at(0, 500, EventKind::Halt) }).longest_exit({ 0, 1 }));
}

TEST_CASE("events out of order and at the ends of time are kept, and nothing is counted twice", "[visualizer][store]")
{
    std::mt19937_64 random(77);
    EventStore store;
    constexpr uint64_t most = std::numeric_limits<uint64_t>::max();
    for (int i = 0; i < 20'000; ++i) {
        EventRecord event = sample::exit_at(random() >> (random() % 64), static_cast<uint32_t>(random()),
            static_cast<EventKind>(random() % event_kind_count));
        event.b = static_cast<uint32_t>(random());
        store.append(std::span { &event, 1 });
    }
    std::vector<uint64_t> edges { 0 };
    for (int shift = 63; shift >= 0; --shift)
        edges.push_back(most >> shift);
    std::vector<EventSummary> summaries;
    store.summaries(edges, summaries);
    uint64_t events = 0;
    for (const auto& summary : summaries)
        events += summary.events.size();
    auto at_the_very_end = store.size() - store.first_at_or_after(most);
    CHECK(events + at_the_very_end == store.size());
    for (uint64_t tick : { uint64_t { 0 }, uint64_t { 1 }, most / 2, most - 1, most })
        store.exit_at(tick);
}
