// A guest that is led from event to event.
#include "core/session/scenario.hpp"
#include "tests/catch.hpp"
#include "tests/support/running.hpp"

#include <algorithm>

using namespace ringside;
using namespace ringside::test;

namespace {

bool is_available(const std::string& strategy)
{
    auto availability = find_strategy(strategy)->probe();
    if (!availability.available)
        WARN("skipped " << strategy << ": " << availability.detail);
    return availability.available;
}

SessionConfiguration recorded(const std::string& guest_name, const std::string& strategy)
{
    auto configuration = configuration_of(guest_name);
    configuration.strategy = strategy;
    configuration.recording = true;
    configuration.start_paused = true;
    configuration.trace_capacity = 1 << 16;
    return configuration;
}

SessionConfiguration recorded_scenario(const std::string& name, const std::string& strategy)
{
    auto scenario = ScenarioLibrary::of_this_program().load(name);
    REQUIRE(scenario);
    auto configuration = recorded("greet", strategy);
    auto boot = scenario->boot_for(find_strategy(strategy)->info().guest);
    REQUIRE(boot);
    configuration.boot = *boot;
    configuration.memory_bytes = scenario->memory_mebibytes * mebibyte;
    return configuration;
}

bool wait_for_pause(Session& session)
{
    return wait_until(session, [&] { return session.state() != Session::State::Running; })
        && session.state() == Session::State::Paused;
}

bool counts(const EventRecord& event, const EventSet& set)
{
    return set[static_cast<std::size_t>(event.kind)];
}

// What a step is to end with, of the events that are new.
std::vector<EventRecord> take_events(Session& session, const EventSet& set)
{
    std::vector<EventRecord> all, wanted;
    session.trace().drain(all);
    std::ranges::copy_if(all, std::back_inserter(wanted), [&](const auto& event) { return counts(event, set); });
    return wanted;
}

std::string text_of(const EventRecord& event)
{
    return std::string(describe(event.kind).name) + " " + std::to_string(event.virtual_ring) + " " + std::to_string(event.a) + " "
        + std::to_string(event.b) + " " + std::to_string(event.c);
}

std::vector<std::string> first_texts(const std::vector<EventRecord>& events, std::size_t count)
{
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < std::min(count, events.size()); ++i)
        texts.push_back(text_of(events[i]));
    return texts;
}

}

TEST_CASE("a hundred single steps give the exits that the guest has when it just runs", "[session]")
{
    auto strategy = GENERATE(as<std::string> {}, "emulation", "trap", "rewriting");
    if (!is_available(strategy))
        return;
    INFO(strategy);
    auto exits = events_of(StepKind::Exit);
    auto running = start(recorded("mix", strategy));
    running->resume();
    REQUIRE(wait_for_end(*running));
    auto expected = first_texts(take_events(*running, exits), 100);
    REQUIRE(expected.size() == 100);

    auto session = start(recorded("mix", strategy));
    REQUIRE(wait_for_pause(*session));
    std::vector<EventRecord> stepped;
    std::size_t steps = 0;
    while (stepped.size() < 100) {
        REQUIRE(session->step(StepKind::Exit));
        CHECK(session->state() == Session::State::Running);
        REQUIRE(wait_for_pause(*session));
        auto events = take_events(*session, exits);
        CHECK_FALSE(events.empty());
        stepped.insert(stepped.end(), events.begin(), events.end());
        ++steps;
    }
    CHECK(first_texts(stepped, 100) == expected);
    // One trap may emulate two instructions, and a block of Unicorn's may access two ports, but a step is no leap.
    CHECK(steps >= 40);
    session->resume();
    REQUIRE(wait_for_end(*session));
    CHECK(session->end().result.outcome == Outcome::Success);
}

TEST_CASE("a step to a change of ring ends with one", "[session]")
{
    auto strategy = GENERATE(as<std::string> {}, "emulation", "trap", "rewriting", "paravirt");
    if (!is_available(strategy))
        return;
    INFO(strategy);
    auto session = start(recorded_scenario("syscalls", strategy));
    REQUIRE(wait_for_pause(*session));
    auto changes = events_of(StepKind::RingChange);
    unsigned ring = 0;
    for (int i = 0; i < 10; ++i) {
        REQUIRE(session->step(StepKind::RingChange));
        REQUIRE(wait_for_pause(*session));
        auto events = take_events(*session, changes);
        REQUIRE_FALSE(events.empty());
        CHECK(events.front().a == ring);
        ring = events.back().b;
        session->request_snapshot();
        auto taken = session->snapshots_taken();
        REQUIRE(wait_until(*session, [&] { return session->snapshots_taken() > taken; }));
        CHECK(session->snapshot()->cpu.cpl() == ring);
    }
    session->resume();
    REQUIRE(wait_for_end(*session));
    CHECK(session->end().result.outcome == Outcome::Success);
}

TEST_CASE("under rewriting a step goes to the next block that is translated", "[session]")
{
    if (!is_available("rewriting"))
        return;
    auto session = start(recorded_scenario("syscalls", "rewriting"));
    REQUIRE(wait_for_pause(*session));
    for (int i = 0; i < 10; ++i) {
        REQUIRE(session->step(StepKind::Block));
        REQUIRE(wait_for_pause(*session));
        CHECK(take_events(*session, events_of(StepKind::Block)).size() >= 1);
    }
}

TEST_CASE("a guest runs to the next event of a kind, from a pause or not", "[session]")
{
    auto strategy = GENERATE(as<std::string> {}, "emulation", "trap", "rewriting", "paravirt");
    if (!is_available(strategy))
        return;
    INFO(strategy);
    auto session = start(recorded_scenario("syscalls", strategy));
    REQUIRE(wait_for_pause(*session));
    REQUIRE(session->run_to(EventKind::Injection));
    REQUIRE(wait_for_pause(*session));
    CHECK(take_events(*session, only(EventKind::Injection)).size() >= 1);
    session->resume();
    REQUIRE(wait_until(*session, [&] { return session->state() == Session::State::Running; }));
    // A ported kernel prints through hypercalls.
    auto kind = strategy == "paravirt" ? EventKind::Hypercall : EventKind::PortWrite;
    REQUIRE(session->run_to(kind));
    REQUIRE(wait_for_pause(*session));
    CHECK(take_events(*session, only(kind)).size() >= 1);
}

TEST_CASE("a step is refused where it makes no sense, and the guest stays as it is", "[session]")
{
    auto refused = [](const Result<void>& result) { return !result && result.error().code == ExitCode::Usage; };
    SECTION("while the guest runs")
    {
        auto session = start(recorded("spin", "emulation"));
        REQUIRE(wait_for_pause(*session));
        session->resume();
        REQUIRE(wait_until(*session, [&] { return session->state() == Session::State::Running; }));
        CHECK(refused(session->step(StepKind::Exit)));
    }
    SECTION("when nothing is recorded")
    {
        auto configuration = recorded("spin", "emulation");
        configuration.recording = false;
        auto session = start(configuration);
        REQUIRE(wait_for_pause(*session));
        CHECK(refused(session->step(StepKind::Exit)));
        CHECK(refused(session->run_to(EventKind::Halt)));
    }
    SECTION("when the strategy does not tell of blocks")
    {
        auto session = start(recorded("spin", "emulation"));
        REQUIRE(wait_for_pause(*session));
        CHECK(refused(session->step(StepKind::Block)));
        CHECK(refused(session->run_to(EventKind::BlockTranslated)));
        CHECK(refused(session->run_to(EventKind::Count_)));
        CHECK(session->state() == Session::State::Paused);
    }
    SECTION("when the guest has ended")
    {
        auto session = start(recorded("greet", "emulation"));
        session->resume();
        REQUIRE(wait_for_end(*session));
        CHECK(refused(session->step(StepKind::Exit)));
        CHECK(refused(session->run_to(EventKind::Halt)));
    }
}

TEST_CASE("a strategy that does not see rings cannot step to one", "[session]")
{
    const auto& hardware = find_strategy("hardware")->info();
    CHECK_FALSE(check_step(hardware, events_of(StepKind::RingChange)));
    CHECK(check_step(hardware, events_of(StepKind::Exit)));
    CHECK_FALSE(check_step(find_strategy("trap")->info(), events_of(StepKind::Block)));
    CHECK(check_step(find_strategy("rewriting")->info(), events_of(StepKind::Block)));
}

TEST_CASE("a step that never comes to its event is ended by a pause, and forgotten", "[session]")
{
    auto session = start(recorded("spin", "emulation"));
    REQUIRE(wait_for_pause(*session));
    REQUIRE(session->run_to(EventKind::TripleFault));
    session->wait(30ms, Session::Console::Ignore);
    CHECK(session->state() == Session::State::Running);
    session->pause();
    REQUIRE(wait_for_pause(*session));
    session->stop();
    CHECK(session->end().result.outcome == Outcome::Stopped);
}

TEST_CASE("a guest that waits in HLT is stepped as well", "[session]")
{
    auto strategy = GENERATE(as<std::string> {}, "emulation", "trap");
    if (!is_available(strategy))
        return;
    auto session = start(recorded("ticker", strategy));
    REQUIRE(wait_for_pause(*session));
    for (int i = 0; i < 5; ++i) {
        REQUIRE(session->run_to(EventKind::Halt));
        REQUIRE(wait_for_pause(*session));
        CHECK(take_events(*session, only(EventKind::Halt)).size() >= 1);
    }
    session->resume();
    REQUIRE(wait_for_end(*session));
    CHECK(session->end().result.outcome == Outcome::Success);
}
