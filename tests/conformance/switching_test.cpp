// Scenarios whose strategy changes again and again while they run print what they print undisturbed. Every strategy that
// can run the guest here takes its turn.
#include "core/session/scenario.hpp"
#include "tests/catch.hpp"
#include "tests/conformance/guest_runner.hpp"
#include "tests/conformance/variants.hpp"

#include <algorithm>
#include <cstdlib>
#include <random>

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr Nanoseconds microseconds = 1000;

std::vector<std::string> strategies_for(const Scenario& scenario)
{
    std::vector<std::string> names;
    for (const auto& variant : variants(GuestKind::Unmodified)) {
        bool same = !scenario.difference_under(variant.strategy);
        if (same && std::ranges::find(names, variant.strategy) == names.end())
            names.push_back(variant.strategy);
    }
    return names;
}

// To another strategy every 100 microseconds to `longest`.
std::vector<SwitchSetting> random_switches(const std::vector<std::string>& names, unsigned seed, Nanoseconds longest)
{
    std::mt19937 random(seed);
    std::vector<SwitchSetting> switches;
    Nanoseconds at = 0;
    std::size_t now = 0;
    while (switches.size() < 4000) {
        at += 100 * microseconds + random() % longest;
        now = (now + 1 + random() % (names.size() - 1)) % names.size();
        switches.push_back({ at, names[now] });
    }
    return switches;
}

struct SwitchedRun {
    GuestRun run;
    uint64_t switches = 0;
};

SwitchedRun run_switched(const Scenario& scenario, const std::vector<std::string>& names, unsigned seed, bool recording)
{
    SessionConfiguration configuration;
    configuration.name = scenario.name;
    configuration.strategy = names.front();
    configuration.switches = random_switches(names, seed, 1500 * microseconds);
    configuration.boot = scenario.boot;
    configuration.memory_bytes = scenario.memory_mebibytes * mebibyte;
    configuration.timeout = std::chrono::seconds { scenario.timeout_seconds };
    configuration.recording = recording;
    configuration.worker_program = ringside_program();
    auto session = Session::start(configuration);
    INFO((session ? "" : session.error().message));
    REQUIRE(session);
    SwitchedRun switched { run_started(**session, recording) };
    const auto& counters = (*session)->trace().block().counters;
    switched.switches = counters[static_cast<std::size_t>(EventKind::StrategySwitch)].count;
    return switched;
}

}

TEST_CASE("A scenario whose strategy changes all the time prints what is written beside it", "[conformance][switching]")
{
    const char* guests = std::getenv("RINGSIDE_GUESTS");
    ScenarioLibrary library(RINGSIDE_SOURCE_DIR "/scenarios", guests ? guests : RINGSIDE_SOURCE_DIR "/build/release/guests");
    const char* wanted = std::getenv("RINGSIDE_SWITCHED_ROUNDS"); // more where somebody looks for a rare mistake
    auto rounds = static_cast<unsigned>(wanted ? std::atoi(wanted) : 2);
    uint64_t switches = 0;
    for (const auto& name : library.names()) {
        auto scenario = library.load(name);
        REQUIRE(scenario);
        auto names = strategies_for(*scenario);
        const auto& ending = scenario->ending_under("emulation");
        if (names.size() < 2 || ending.outcome == ExpectedOutcome::Timeout)
            continue;
        for (unsigned round = 0; round < rounds; ++round) {
            INFO(name << ", seed " << round);
            auto switched = run_switched(*scenario, names, round, round % 2 != 0);
            CHECK(first_difference(read_file(ending.console), switched.run.console) == "");
            CHECK(outcome_name(switched.run.end.result.outcome) == expected_outcome_name(ending.outcome));
            switches += switched.switches;
        }
    }
    bool could = variants(GuestKind::Unmodified).back().strategy != "emulation";
    CHECK((switches > 100 || !could));
}
