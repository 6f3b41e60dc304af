// A session that lets other strategies go on with its guest.
#include "core/machine/strategy.hpp"
#include "tests/catch.hpp"
#include "tests/support/running.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

bool can_switch()
{
    auto availability = find_strategy("trap")->probe();
    if (!availability.available)
        WARN("skipped: " << availability.detail);
    return availability.available;
}

std::unique_ptr<Session> start_switchable(const std::string& guest_name, const std::string& first, const std::string& other)
{
    auto configuration = configuration_of(guest_name);
    configuration.strategy = first;
    configuration.other_strategies = { other };
    return start(configuration);
}

bool change(Session& session, const std::string& strategy)
{
    return session.switch_to(strategy) && wait_until(session, [&] { return session.strategy() == strategy || session.ended(); })
        && !session.ended();
}

}

TEST_CASE("a session changes the strategy of a running guest, of a halted one, there and back", "[session]")
{
    if (!can_switch())
        return;
    // `spin` computes with interrupts off, `sleep` halts with interrupts on, `echo` looks at a port all the time.
    auto name = GENERATE(as<std::string> {}, "spin", "sleep", "echo");
    INFO(name);
    auto session = start_switchable(name, "emulation", "trap");
    CHECK(session->strategy() == "emulation");
    for (int round = 0; round < 10; ++round) {
        REQUIRE(change(*session, "trap"));
        REQUIRE(change(*session, "emulation"));
    }
    session->stop();
    CHECK(session->end().result.outcome == Outcome::Stopped);
    REQUIRE(session->end().place);
    CHECK(session->end().place->ring == 0);
}

TEST_CASE("a guest reads its console in step whoever runs it", "[session]")
{
    if (!can_switch())
        return;
    auto session = start_switchable("echo", "trap", "emulation");
    CHECK(take_text(*session, 6) == "ready\n");
    for (char c = 'A'; c <= 'J'; ++c) {
        CHECK(session->type(std::string(1, c)) == 1);
        CHECK(take_text(*session, 1) == std::string(1, c));
        REQUIRE(change(*session, c % 2 ? "emulation" : "trap"));
    }
    session->type("q");
    REQUIRE(wait_for_end(*session));
    CHECK(session->end().result.outcome == Outcome::Success);
}

TEST_CASE("a paused guest changes its strategy when it goes on", "[session]")
{
    if (!can_switch())
        return;
    auto session = start_switchable("spin", "emulation", "trap");
    session->pause();
    REQUIRE(wait_until(*session, [&] { return session->state() == Session::State::Paused; }));
    REQUIRE(session->switch_to("trap"));
    session->wait(30ms, Session::Console::Ignore);
    CHECK(session->strategy() == "emulation");
    session->resume();
    CHECK(wait_until(*session, [&] { return session->strategy() == "trap"; }));
}

TEST_CASE("only the strategies that the session was started with can be asked for", "[session]")
{
    auto session = start("spin");
    for (auto name : { "trap", "magic", "" }) {
        auto refused = session->switch_to(name);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ExitCode::Usage);
    }
    CHECK(session->switch_to("emulation"));
    session->wait(30ms, Session::Console::Ignore);
    CHECK(session->strategy() == "emulation");
    CHECK_FALSE(session->ended());
}

TEST_CASE("a session whose guest could come to a strategy that does not fit is not started", "[session]")
{
    auto configuration = configuration_of("greet");
    SECTION("no such strategy")
    {
        configuration.other_strategies = { "magic" };
    }
    SECTION("no such strategy among the planned changes")
    {
        configuration.switches = { { 1'000'000, "magic" } };
    }
    SECTION("another kind of guest")
    {
        configuration.other_strategies = { "paravirt" };
    }
    SECTION("no virtual clock")
    {
        configuration.clock = ClockKind::Virtual;
        configuration.other_strategies = { "trap" };
    }
    auto session = Session::start(configuration);
    REQUIRE_FALSE(session);
    CHECK(session.error().code == ExitCode::Usage);
}
