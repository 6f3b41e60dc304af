// `ringside run --user direct`: ring 3's code runs as it is, ring 0's is rewritten.
#include "core/machine/strategy.hpp"
#include "core/session/scenario.hpp"
#include "tests/catch.hpp"
#include "tests/support/command.hpp"

#include <nlohmann/json.hpp>

using namespace ringside::test;

namespace {

bool rewriting_is_available()
{
    auto availability = ringside::find_strategy("rewriting")->probe();
    if (!availability.available)
        WARN("skipped: " << availability.detail);
    return availability.available;
}

std::string expected_console(const std::string& scenario)
{
    return content_of(ringside::ScenarioLibrary::of_this_program().scenarios_directory() / (scenario + ".expected"));
}

std::size_t count(const std::string& text, const std::string& word)
{
    std::size_t found = 0;
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
        ++found;
    return found;
}

}

TEST_CASE("with --user direct programs compute, call the kernel and are interrupted as ever", "[cli]")
{
    if (!rewriting_is_available())
        return;
    for (const std::string scenario : { "hello", "syscalls", "switches", "ticks", "faults", "crash-privileged", "sort" }) {
        INFO(scenario);
        auto outcome = run_program({ "run", scenario, "--strategy", "rewriting", "--user", "direct" });
        CHECK(outcome.output == expected_console(scenario));
    }
}

TEST_CASE("with --user direct ring 3 sees the host through SGDT, SIDT, SLDT and STR, and ring 0 does not", "[cli]")
{
    if (!rewriting_is_available())
        return;
    auto rewritten = run_program({ "run", "holes", "--strategy", "rewriting", "--user", "rewritten" });
    CHECK(rewritten.output == expected_console("holes"));
    auto direct = run_program({ "run", "holes", "--strategy", "rewriting", "--user", "direct" });
    CHECK(count(direct.output, "  no  WRONG") == 4);
    CHECK(direct.status == 1);
}

TEST_CASE("--user direct where nothing is rewritten is a usage error, and so is another word", "[cli]")
{
    for (const std::string strategy : { "emulation", "trap", "paravirt" }) {
        auto outcome = run_program({ "run", "hello", "--strategy", strategy, "--user", "direct" });
        CHECK(outcome.status == 2);
        CHECK(outcome.errors.find("--user has no meaning") != std::string::npos);
        CHECK(count(outcome.errors, "\n") == 1);
    }
    CHECK(run_program({ "run", "hello", "--strategy", "rewriting", "--user", "native" }).status == 2);
    auto planned = run_program({ "run", "ticks", "--switch", "20ms:rewriting,60ms:emulation", "--user", "direct" });
    if (rewriting_is_available())
        CHECK(planned.output == expected_console("ticks"));
}
