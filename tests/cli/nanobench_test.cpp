// `ringside compare nanobench`: what operations cost, beside the paper's figures.
#include "core/machine/strategy.hpp"
#include "tests/catch.hpp"
#include "tests/support/command.hpp"

#include <nlohmann/json.hpp>

using namespace ringside::test;

namespace {

nlohmann::json operations_of(const std::vector<std::string>& more)
{
    std::vector<std::string> words { "compare", "nanobench", "--runs", "1", "--json", "-", "--append", "n=100" };
    words.insert(words.end(), more.begin(), more.end());
    auto outcome = run_program(words);
    INFO(outcome.errors);
    CHECK(outcome.status == 0);
    auto json = nlohmann::json::parse(outcome.output, nullptr, false);
    REQUIRE_FALSE(json.is_discarded());
    return json["operations"];
}

}

TEST_CASE("compare nanobench has each operation's cost under each strategy, and the paper's beside it", "[cli]")
{
    auto operations = operations_of({});
    REQUIRE(operations["operations"].size() == 9);
    for (const auto& operation : operations["operations"]) {
        CAPTURE(operation.dump());
        for (const auto& ticks : operation["ticks"])
            CHECK(ticks.is_number());
        CHECK(operation["ticks"].contains("emulation"));
    }
    bool rewriting = ringside::find_strategy("rewriting")->probe().available;
    REQUIRE(operations["rdtsc_under_rewriting"].size() == (rewriting ? 4u : 0u));
    for (const auto& way : operations["rdtsc_under_rewriting"])
        CHECK(way["ticks"].is_number());
}

TEST_CASE("without the strategy rewriting compare nanobench has no ways of rewriting RDTSC", "[cli]")
{
    auto operations = operations_of({ "--strategies", "emulation" });
    CHECK(operations["operations"][0]["ticks"].size() == 1);
    CHECK(operations["rdtsc_under_rewriting"].empty());
}
