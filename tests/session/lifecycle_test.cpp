#include "core/trace/totals.hpp"
#include "tests/catch.hpp"
#include "tests/support/guests.hpp"
#include "tests/support/running.hpp"

#include <thread>

using namespace ringside;
using namespace ringside::test;

namespace {

uint64_t accesses(Session& session, EventKind kind)
{
    return session.trace().block().counters[static_cast<std::size_t>(kind)].count;
}

}

TEST_CASE("a guest runs to its end, and its result comes back", "[session]")
{
    auto session = start("greet");
    CHECK(take_all(*session) == "hello\n");
    CHECK(session->end().cause == SessionEnd::Cause::Guest);
    CHECK(session->end().result.outcome == Outcome::Success);
    CHECK(exit_code(session->end()) == ExitCode::Success);
    CHECK(session->end().elapsed > 0);
}

TEST_CASE("a guest that reports failure has its code in the result", "[session]")
{
    auto session = start("fail");
    REQUIRE(wait_for_end(*session));
    CHECK(session->end().result.outcome == Outcome::GuestFailed);
    CHECK(session->end().result.code == 5);
    CHECK(exit_code(session->end()) == ExitCode::GuestFailed);
}

TEST_CASE("what goes wrong while setting up comes back as the worker's error", "[session]")
{
    auto configuration = configuration_of("greet");
    SECTION("no such kernel")
    {
        configuration.boot.kernel_path = "/nonexistent/kernel";
        auto session = Session::start(configuration);
        REQUIRE_FALSE(session);
        CHECK(session.error().code == ExitCode::BadImage);
        CHECK(session.error().message.find("/nonexistent/kernel") != std::string::npos);
    }
    SECTION("no such strategy")
    {
        configuration.strategy = "magic";
        auto session = Session::start(configuration);
        REQUIRE_FALSE(session);
        CHECK(session.error().code == ExitCode::Usage);
    }
    SECTION("no memory")
    {
        configuration.memory_bytes = 0;
        auto session = Session::start(configuration);
        REQUIRE_FALSE(session);
        CHECK(session.error().code == ExitCode::Usage);
        CHECK_FALSE(session.error().hint.empty());
    }
    SECTION("a command line longer than any message")
    {
        configuration.boot.command_line.assign(1 << 20, 'x');
        auto session = Session::start(configuration);
        REQUIRE_FALSE(session);
        CHECK(session.error().code == ExitCode::Usage);
    }
    SECTION("no program for the worker")
    {
        configuration.worker_program = "/nonexistent/program";
        auto session = Session::start(configuration);
        REQUIRE_FALSE(session);
        CHECK(session.error().code == ExitCode::Unavailable);
    }
}

TEST_CASE("a paused guest does nothing, and goes on where it was", "[session]")
{
    auto session = start("echo");
    REQUIRE(take_text(*session, 6) == "ready\n");
    session->pause();
    REQUIRE(wait_until(*session, [&] { return session->state() == Session::State::Paused; }));
    auto reads = accesses(*session, EventKind::PortRead);
    CHECK(reads > 0);
    REQUIRE(session->type("abc") == 3);
    session->wait(50ms, Session::Console::Ignore);
    std::string text;
    CHECK(session->take_console(text) == 0);
    CHECK(accesses(*session, EventKind::PortRead) == reads);

    session->resume();
    CHECK(take_text(*session, 3) == "abc");
    // The console and the worker's reports take different ways: either may arrive first.
    CHECK(wait_until(*session, [&] { return session->state() == Session::State::Running; }));
}

TEST_CASE("a session can begin paused, before the guest's first instruction", "[session]")
{
    auto configuration = configuration_of("greet");
    configuration.start_paused = true;
    auto session = start(configuration);
    REQUIRE(wait_until(*session, [&] { return session->state() == Session::State::Paused; }));
    session->wait(30ms, Session::Console::Ignore);
    std::string text;
    CHECK(session->take_console(text) == 0);
    session->resume();
    CHECK(take_all(*session) == "hello\n");
}

TEST_CASE("a guest is stopped wherever it is, and the place is told", "[session]")
{
    auto name = GENERATE(as<std::string> {}, "spin", "sleep", "echo");
    INFO(name);
    auto session = start(name);
    take_text(*session, 6);
    session->stop(10s);
    REQUIRE(session->ended());
    CHECK(session->end().cause == SessionEnd::Cause::Command);
    CHECK(session->end().result.outcome == Outcome::Stopped);
    REQUIRE(session->end().place);
    CHECK(session->end().place->eip >= 0x100020);
    CHECK(session->end().place->eip < 0x100100);
    CHECK(session->end().place->ring == 0);
    CHECK(session->end().place->interrupts_enabled == (name == "sleep"));
}

TEST_CASE("a paused guest can be stopped", "[session]")
{
    auto session = start("spin");
    session->pause();
    REQUIRE(wait_until(*session, [&] { return session->state() == Session::State::Paused; }));
    session->stop(10s);
    CHECK(session->end().result.outcome == Outcome::Stopped);
    CHECK(session->end().place);
}

TEST_CASE("a guest that waits for its console's reader can be stopped, and its text is kept", "[session]")
{
    auto session = start("flood");
    auto full = [&] { return accesses(*session, EventKind::PortWrite) >= ConsoleRing::capacity; };
    wait_until(*session, full, 300ms);
    session->stop(10s);
    CHECK(session->end().result.outcome == Outcome::Stopped);
    std::string text;
    session->take_console(text);
    CHECK(text.size() >= ConsoleRing::capacity);
    for (std::size_t i = 0; i < text.size(); ++i)
        REQUIRE(text[i] == static_cast<char>(i));
}

TEST_CASE("a guest that runs longer than its timeout is stopped", "[session]")
{
    auto configuration = configuration_of("spin");
    configuration.timeout = 100ms;
    auto session = start(configuration);
    auto begin = std::chrono::steady_clock::now();
    REQUIRE(wait_for_end(*session));
    CHECK(std::chrono::steady_clock::now() - begin < 2s);
    CHECK(session->end().cause == SessionEnd::Cause::Timeout);
    CHECK(exit_code(session->end()) == ExitCode::Timeout);
    CHECK(session->end().place);
}

TEST_CASE("a timeout that does not pass changes nothing", "[session]")
{
    auto configuration = configuration_of("greet");
    configuration.timeout = 60s;
    auto session = start(configuration);
    REQUIRE(wait_for_end(*session));
    CHECK(session->end().cause == SessionEnd::Cause::Guest);
}

TEST_CASE("killing ends a session at once", "[session]")
{
    auto session = start("spin");
    auto begin = std::chrono::steady_clock::now();
    session->kill();
    CHECK(session->ended());
    CHECK(std::chrono::steady_clock::now() - begin < 1s);
    CHECK(session->end().cause == SessionEnd::Cause::Command);
}

TEST_CASE("commands to a session that has ended do nothing", "[session]")
{
    auto session = start("greet");
    REQUIRE(wait_for_end(*session));
    session->pause();
    session->resume();
    session->stop();
    session->kill();
    session->wait(1ms);
    CHECK(session->type("abc") == 3);
    session->end_input();
    CHECK(session->end().cause == SessionEnd::Cause::Guest);
    CHECK(session->end().result.outcome == Outcome::Success);
}

TEST_CASE("the counters of a guest that has ended can be read", "[session]")
{
    auto session = start("greet");
    REQUIRE(wait_for_end(*session));
    auto totals = totals_of(session->trace().block(), session->end().elapsed);
    CHECK(totals[EventKind::PortWrite].count == 7); // six characters and the end
}

TEST_CASE("events of a recorded run come in order, from start to stop", "[session]")
{
    auto configuration = configuration_of("greet");
    configuration.recording = true;
    configuration.clock = ClockKind::Virtual;
    auto session = start(configuration);
    REQUIRE(wait_for_end(*session));
    std::vector<EventRecord> events;
    session->trace().drain(events);
    auto is = [](EventKind kind) { return [kind](const EventRecord& event) { return event.kind == kind; }; };
    CHECK(std::ranges::count_if(events, is(EventKind::MachineStart)) == 1);
    CHECK(std::ranges::count_if(events, is(EventKind::PortWrite)) == 7);
    REQUIRE_FALSE(events.empty());
    CHECK(events.back().kind == EventKind::MachineStop);
}
