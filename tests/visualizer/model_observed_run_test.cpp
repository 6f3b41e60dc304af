#include "tests/unit/trace/trace_samples.hpp"
#include "visualizer/model/observed_run.hpp"

using namespace ringside;
using namespace ringside::visualizer;
using ringside::test::TemporaryFile;

namespace {

std::vector<EventRecord> many(std::size_t count)
{
    std::vector<EventRecord> events;
    for (std::size_t i = 0; i < count; ++i)
        events.push_back(ringside::test::sample(static_cast<EventKind>(i % event_kind_count), 1000 * i));
    return events;
}

std::unique_ptr<ObservedRun> opened(const std::string& path)
{
    auto run = ObservedRun::from_file(path);
    REQUIRE(run);
    for (int i = 0; i < 10'000 && (*run)->loading(); ++i)
        (*run)->poll();
    REQUIRE_FALSE((*run)->loading());
    return std::move(*run);
}

} // namespace

TEST_CASE("a run from a file has the file's events and says how many", "[visualizer][run]")
{
    TemporaryFile file;
    auto events = many(10'000);
    ringside::test::write_trace(file.path(), events);
    auto run = opened(file.path());
    CHECK(run->kind() == ObservedRun::Kind::File);
    CHECK(run->state() == ObservedRun::State::Ended);
    CHECK_FALSE(run->failed());
    REQUIRE(run->events().size() == events.size());
    CHECK(run->events()[9'999] == events[9'999]);
    CHECK(run->strategy() == "emulation");
    CHECK(run->status() == "10,000 events; 2 events were dropped while recording");
    CHECK_FALSE(run->memory());
    run->poll();
    CHECK(run->events().size() == events.size());
}

TEST_CASE("a truncated file gives what is whole, counts it, and says what is lost", "[visualizer][run]")
{
    TemporaryFile file;
    ringside::test::write_trace(file.path(), many(10'000));
    auto bytes = file.contents();
    file.write(bytes.substr(0, bytes.size() * 3 / 4));
    auto run = opened(file.path());
    CHECK(run->failed());
    CHECK(run->events().size() == trace_format::events_per_block);
    INFO(run->status());
    CHECK(run->status().starts_with("4,096 events; what comes after byte "));
    CHECK(run->status().find(" is lost: ") != std::string::npos);
    CHECK(run->totals()[EventKind::PortRead].count == run->events().count(EventKind::PortRead));
    CHECK(run->totals().elapsed > 0);
}

TEST_CASE("a file that is no trace is an error, and a trace takes no commands", "[visualizer][run]")
{
    TemporaryFile file;
    file.write("something else");
    CHECK_FALSE(ObservedRun::from_file(file.path()));
    CHECK_FALSE(ObservedRun::from_file("/nonexistent/trace"));
    ringside::test::write_trace(file.path(), many(10));
    auto run = opened(file.path());
    for (const auto& refused : { run->pause(), run->resume(), run->step(StepKind::Exit), run->run_to(EventKind::Halt),
             run->switch_to("trap"), run->restart(), run->kill(), run->type("x") }) {
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ExitCode::Usage);
    }
}

TEST_CASE("a run that a test makes up shows what it was given, and notes its commands", "[visualizer][run]")
{
    auto run = ObservedRun::fake("made up", "trap");
    CHECK(run->kind() == ObservedRun::Kind::Fake);
    CHECK(run->state() == ObservedRun::State::Running);
    run->set({ .state = ObservedRun::State::Paused, .status = "paused", .console = "hello" });
    run->add(many(100));
    GuestSnapshot snapshot;
    snapshot.cpu.eip = 5;
    run->show(snapshot);
    snapshot.cpu.eip = 6;
    run->show(snapshot);
    run->poll();
    CHECK(run->state() == ObservedRun::State::Paused);
    CHECK(run->events().size() == 100);
    CHECK(run->totals()[EventKind::PortRead].count == run->events().count(EventKind::PortRead));
    CHECK(run->console() == "hello");
    CHECK(run->snapshot()->cpu.eip == 6);
    CHECK(run->earlier_snapshot()->cpu.eip == 5);
    CHECK(run->step(StepKind::RingChange));
    CHECK(run->run_to(EventKind::PortRead));
    CHECK(run->commands() == std::vector<std::string> { "step: ring change", "run to: port-read" });
}

TEST_CASE("a cursor takes the seconds that it was told for a millisecond, and holds at the end", "[visualizer][run]")
{
    PlaybackCursor cursor;
    cursor.set_pace(4);
    cursor.advance(1, 1e9);
    CHECK(cursor.at() == 0);
    cursor.play(1000, 2e6);
    CHECK(cursor.at() == 1000);
    cursor.advance(2, 2e6);
    CHECK(cursor.at() == 1000 + 0.5e6);
    cursor.advance(60, 2e6);
    CHECK(cursor.at() == 2e6);
    CHECK_FALSE(cursor.playing());
    cursor.play(1000, 2e6);
    CHECK(cursor.at() == 1000);
    cursor.set_pace(1e9);
    CHECK(cursor.seconds_per_millisecond() == PlaybackCursor::slowest);
    cursor.set_pace(-1);
    CHECK(cursor.seconds_per_millisecond() == PlaybackCursor::fastest);
}
