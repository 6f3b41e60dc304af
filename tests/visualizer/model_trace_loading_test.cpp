#include "tests/unit/trace/trace_samples.hpp"
#include "visualizer/model/trace_loading.hpp"

using namespace ringside;
using namespace ringside::visualizer;
using ringside::test::TemporaryFile;

static std::vector<EventRecord> many(std::size_t count)
{
    std::vector<EventRecord> events;
    for (std::size_t i = 0; i < count; ++i)
        events.push_back(ringside::test::sample(static_cast<EventKind>(i % event_kind_count), 1000 * i));
    return events;
}

TEST_CASE("a trace file comes into the store as it was written, with header and totals", "[visualizer][loading]")
{
    TemporaryFile file;
    auto events = many(10'000);
    ringside::test::write_trace(file.path(), events);
    auto trace = load_trace(file.path());
    REQUIRE(trace);
    REQUIRE(trace->events.size() == events.size());
    for (std::size_t i = 0; i < events.size(); ++i)
        REQUIRE(trace->events[i] == events[i]);
    CHECK(trace->header.strategy == "emulation");
    CHECK(trace->events.scale().ticks_per_second == 1'000'000'000);
    REQUIRE(trace->totals);
    CHECK(trace->losses() == "2 events were dropped while recording");
}

TEST_CASE("a truncated trace gives what is whole, and says what is lost", "[visualizer][loading]")
{
    TemporaryFile file;
    ringside::test::write_trace(file.path(), many(10'000));
    auto bytes = file.contents();
    file.write(bytes.substr(0, bytes.size() * 3 / 4));
    auto trace = load_trace(file.path());
    REQUIRE(trace);
    CHECK(trace->events.size() == trace_format::events_per_block);
    CHECK(trace->ending.kind == TraceEnding::Kind::Truncated);
    CHECK_FALSE(trace->totals);
    CHECK(trace->losses().find("the file ends within a block: 4,096 events are whole") == 0);
}

TEST_CASE("a corrupt trace gives what is whole before the damage, and says what is lost", "[visualizer][loading]")
{
    TemporaryFile file;
    ringside::test::write_trace(file.path(), many(10'000));
    auto bytes = file.contents();
    bytes[bytes.size() / 2 + 5000] ^= 1;
    file.write(bytes);
    auto trace = load_trace(file.path());
    REQUIRE(trace);
    CHECK(trace->events.size() == trace_format::events_per_block);
    CHECK(trace->ending.kind == TraceEnding::Kind::Damaged);
    CHECK(trace->losses().find("the checksum of a block is wrong") == 0);
    CHECK(trace->losses().find(" bytes behind them cannot be read") != std::string::npos);
}

TEST_CASE("what is no trace is an error with its file's name", "[visualizer][loading]")
{
    TemporaryFile file;
    file.write("hello");
    auto trace = load_trace(file.path());
    REQUIRE_FALSE(trace);
    CHECK(trace.error().code == ExitCode::BadImage);
    CHECK(trace.error().message.find(file.path()) != std::string::npos);
    CHECK_FALSE(load_trace("/nonexistent/trace"));
}
