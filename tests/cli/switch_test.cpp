// `ringside run --switch`: strategies that take turns with one guest.
#include "core/machine/strategy.hpp"
#include "core/session/scenario.hpp"
#include "tests/catch.hpp"
#include "tests/support/command.hpp"

#include <nlohmann/json.hpp>

using namespace ringside::test;

namespace {

bool trap_is_available()
{
    auto availability = ringside::find_strategy("trap")->probe();
    if (!availability.available)
        WARN("skipped: " << availability.detail);
    return availability.available;
}

std::string expected_console(const std::string& scenario)
{
    return content_of(ringside::ScenarioLibrary::of_this_program().scenarios_directory() / (scenario + ".expected"));
}

uint64_t count_of(const nlohmann::json& statistics, const std::string& event)
{
    return statistics["events"].value(event, uint64_t { 0 });
}

}

TEST_CASE("a run whose strategy changes prints what it prints undisturbed, and its statistics go on", "[cli]")
{
    if (!trap_is_available())
        return;
    Scratch scratch;
    auto outcome = run_program({ "run", "ticks", "--append", "n=60", "--switch", "30ms:trap,80ms:emulation,130ms:trap",
        "--json", scratch.path("j") });
    INFO(outcome.errors);
    CHECK(outcome.status == 0);
    CHECK(outcome.output == run_program({ "run", "ticks", "--append", "n=60" }).output);
    CHECK(outcome.output.find("60 times") != std::string::npos);
    CHECK(outcome.errors.empty());
    auto json = nlohmann::json::parse(content_of(scratch.path("j")));
    CHECK(json["strategy"] == "emulation");
    REQUIRE(json["switches"].size() == 3);
    CHECK(json["switches"][1]["at_ns"] == 80'000'000);
    CHECK(json["switches"][1]["strategy"] == "emulation");
    INFO(json["statistics"].dump(1));
    CHECK(count_of(json["statistics"], "strategy-switch") == 3);
}

TEST_CASE("the story tells each change of strategy, and the trace file keeps it", "[cli]")
{
    if (!trap_is_available())
        return;
    Scratch scratch;
    auto outcome = run_program({ "run", "ticks", "--append", "n=60", "--strategy", "trap", "--switch", "0.02s:emulation,70000us:trap", "--story",
        "--trace", scratch.path("t") });
    CHECK(outcome.status == 0);
    CHECK(outcome.errors.find("emulation takes over the running guest from trap, in ") != std::string::npos);
    CHECK(outcome.errors.find("trap takes over the running guest from emulation, in ") != std::string::npos);
    auto converted = run_program({ "trace", scratch.path("t"), "--to", "jsonl", "--output", scratch.path("l") });
    CHECK(converted.status == 0);
    CHECK(content_of(scratch.path("l")).find("strategy-switch") != std::string::npos);
}

TEST_CASE("a change to the strategy that runs already is none, and one after the guest's end does not come", "[cli]")
{
    Scratch scratch;
    auto outcome
        = run_program({ "run", "hello", "--switch", "0s:emulation,1000s:emulation", "--clock", "virtual", "--json", scratch.path("j") });
    CHECK(outcome.status == 0);
    CHECK(outcome.output == expected_console("hello"));
    auto json = nlohmann::json::parse(content_of(scratch.path("j")));
    CHECK(count_of(json["statistics"], "strategy-switch") == 0);
    CHECK(outcome.errors == "ringside: hello ended before the change to 'emulation' at 1000000 ms\n");
}
