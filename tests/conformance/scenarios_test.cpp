// Every scenario under every strategy prints what is written beside it and ends as its file says.
#include "core/session/scenario.hpp"
#include "tests/catch.hpp"
#include "tests/conformance/guest_runner.hpp"
#include "tests/conformance/variants.hpp"

#include <chrono>
#include <cstdlib>
#include <fmt/format.h>

using namespace ringside;
using namespace ringside::test;

namespace {

ScenarioLibrary library()
{
    const char* guests = std::getenv("RINGSIDE_GUESTS");
    return { RINGSIDE_SOURCE_DIR "/scenarios", guests ? guests : RINGSIDE_SOURCE_DIR "/build/release/guests" };
}

SessionConfiguration configure(const Scenario& scenario, const Variant& variant)
{
    auto configuration = variant.configure();
    configuration.name = scenario.name;
    configuration.boot = scenario.boot_for(variant.guest).value();
    configuration.memory_bytes = scenario.memory_mebibytes * mebibyte;
    // A guest that is to run out of time need not be waited for that long.
    bool endless = scenario.ending_under(variant.strategy).outcome == ExpectedOutcome::Timeout;
    configuration.timeout = endless ? std::chrono::milliseconds { 700 } : std::chrono::seconds { scenario.timeout_seconds };
    return configuration;
}

std::string_view outcome_of(const SessionEnd& end)
{
    return end.cause == SessionEnd::Cause::Timeout ? expected_outcome_name(ExpectedOutcome::Timeout)
                                                   : outcome_name(end.result.outcome);
}

// As people are told it: why, and where the guest was.
std::string whole_reason(const SessionEnd& end)
{
    return end.result.reason + (end.place ? ", at " + describe(*end.place) : "");
}

ExitCode expected_exit_code(ExpectedOutcome outcome)
{
    switch (outcome) {
    case ExpectedOutcome::Success:
        return ExitCode::Success;
    case ExpectedOutcome::Timeout:
        return ExitCode::Timeout;
    default:
        return ExitCode::GuestFailed;
    }
}

void check_scenario(const Scenario& scenario, const Variant& variant)
{
    INFO(scenario.name << ": " << variant.name());
    const auto& ending = scenario.ending_under(variant.strategy);
    if (const auto* difference = scenario.difference_under(variant.strategy))
        tell_once(fmt::format("differs: {} under {}", scenario.name, variant.strategy), difference->why);
    auto run = run_guest(configure(scenario, variant));
    REQUIRE(run);
    CHECK(first_difference(read_file(ending.console), run->console) == "");
    INFO(whole_reason(run->end));
    CHECK(whole_reason(run->end).find(ending.reason) != std::string::npos);
    CHECK(outcome_of(run->end) == expected_outcome_name(ending.outcome));
    CHECK(exit_code(run->end) == expected_exit_code(ending.outcome));
}

}

TEST_CASE("Every scenario prints what is written beside it, under every strategy", "[conformance]")
{
    auto scenarios = library();
    REQUIRE(scenarios.names().size() >= 20);
    for (const auto& variant : variants()) {
        for (const auto& name : scenarios.names()) {
            auto scenario = scenarios.load(name);
            REQUIRE(scenario);
            check_scenario(*scenario, variant);
        }
    }
}

// What goes wrong once in a hundred runs (a kick that is lost, a register that is torn) does not show in one. Hidden: it
// takes half an hour; ./check --all runs it. RINGSIDE_REPEAT says how often, 200 times without it.
TEST_CASE("Every scenario ends the same 200 times in a row, under every native strategy", "[.repeat]")
{
    const char* wanted = std::getenv("RINGSIDE_REPEAT");
    int repetitions = wanted ? std::atoi(wanted) : 200;
    REQUIRE(repetitions > 0);
    auto scenarios = library();
    for (const auto& variant : variants()) {
        if (variant.strategy == "emulation" || variant.recording)
            continue;
        for (const auto& name : scenarios.names()) {
            auto scenario = scenarios.load(name);
            REQUIRE(scenario);
            for (int repetition = 0; repetition < repetitions; ++repetition) {
                INFO("repetition " << repetition);
                check_scenario(*scenario, variant);
            }
        }
    }
}

TEST_CASE("The compute scenarios print the same whether recorded or not", "[conformance]")
{
    auto scenarios = library();
    for (auto variant : variants()) {
        if (!variant.recording)
            continue;
        for (const char* name : { "alu", "calls", "sieve", "indirect", "sort", "crc32", "matmul", "copy" }) {
            INFO(name << ": " << variant.name());
            auto scenario = scenarios.load(name);
            REQUIRE(scenario);
            auto unrecorded = variant;
            unrecorded.recording = false;
            auto with = run_guest(configure(*scenario, variant));
            auto without = run_guest(configure(*scenario, unrecorded));
            REQUIRE(with);
            REQUIRE(without);
            CHECK_FALSE(with->console.empty());
            CHECK(first_difference(without->console, with->console) == "");
        }
    }
}

TEST_CASE("A difference between two consoles is told by its first line", "[conformance]")
{
    CHECK(first_difference("a\nb\n", "a\nb\n") == "");
    CHECK(first_difference("a\nb\n", "a\nc\n") == "line 2: expected `b`, got `c`");
    CHECK(first_difference("a\nb\n", "a\n") == "line 2: expected `b`, got the end");
    CHECK(first_difference("a", "a\n") == "only the end of the last line differs");
}
