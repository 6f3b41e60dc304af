// A guest that is stopped all the time, wherever it is, does what it does undisturbed. Emulation is the strategy for which
// that is hard (docs/decisions/0009).
#include "core/machine/machine.hpp"
#include "core/session/scenario.hpp"
#include "tests/catch.hpp"
#include "tests/conformance/guest_runner.hpp"

#include <cstdlib>
#include <random>
#include <thread>

using namespace ringside;
using namespace ringside::test;

namespace {

struct StoppedRun {
    std::string console;
    RunResult result;
    unsigned stops = 0;
};

// Kicks `machine` every 50 to 200 microseconds while it lives.
class Kicker {
public:
    explicit Kicker(Machine& machine)
        : m_thread([this, &machine] { loop(machine); })
    {
    }
    ~Kicker()
    {
        m_quit = true;
        m_thread.join();
    }

private:
    void loop(Machine& machine)
    {
        std::mt19937 random(1);
        std::uniform_int_distribution pause(50, 200);
        while (!m_quit) {
            std::this_thread::sleep_for(std::chrono::microseconds { pause(random) });
            machine.strategy().kick();
        }
    }

    std::atomic<bool> m_quit { false };
    std::thread m_thread;
};

StoppedRun run_with_stops(BootRequest boot, uint64_t memory_bytes, bool exact_rings)
{
    auto trace = TraceMemory::create(1 << 10, TickSource::TimeStampCounter, Overflow::Drop);
    REQUIRE(trace);
    trace->block().exact_rings = exact_rings;
    StoppedRun run;
    MachineConfiguration configuration;
    configuration.strategy = find_strategy("emulation");
    configuration.boot = std::move(boot);
    configuration.memory_bytes = memory_bytes;
    configuration.console_output = [&](std::string_view text) { run.console += text; };
    auto machine = Machine::create(std::move(configuration), trace->block());
    REQUIRE(machine);
    Kicker kicker(**machine);
    run.result = (*machine)->run();
    run.stops = static_cast<unsigned>(trace->block().counters[static_cast<std::size_t>(EventKind::Kick)].count);
    return run;
}

// How often each guest is run; more where somebody looks for a rare mistake.
int rounds()
{
    const char* wanted = std::getenv("RINGSIDE_STOPPED_ROUNDS");
    return wanted ? std::atoi(wanted) : 1;
}

std::filesystem::path guests()
{
    const char* directory = std::getenv("RINGSIDE_GUESTS");
    return directory ? directory : RINGSIDE_SOURCE_DIR "/build/release/guests";
}

}

TEST_CASE("A scenario that is stopped all the time prints what it prints undisturbed", "[conformance][stops]")
{
    ScenarioLibrary library(RINGSIDE_SOURCE_DIR "/scenarios", guests());
    unsigned stops = 0;
    for (int round = 0; round < rounds(); ++round) {
        for (const auto& name : library.names()) {
            auto scenario = library.load(name);
            REQUIRE(scenario);
            const auto& ending = scenario->ending_under("emulation");
            if (ending.outcome == ExpectedOutcome::Timeout)
                continue;
            INFO(name << ", round " << round);
            auto run = run_with_stops(scenario->boot, scenario->memory_mebibytes * mebibyte, round % 2 != 0);
            CHECK(first_difference(read_file(ending.console), run.console) == "");
            CHECK(outcome_name(run.result.outcome) == expected_outcome_name(ending.outcome));
            stops += run.stops;
        }
    }
    CHECK(stops > 100);
}

TEST_CASE("Every check of the test kernels passes when they are stopped all the time", "[conformance][stops]")
{
    for (int round = 0; round < rounds(); ++round) {
        for (const auto& entry : std::filesystem::directory_iterator(guests().parent_path() / "kernels")) {
            INFO(entry.path().filename().string() << ", round " << round);
            auto run = run_with_stops({ entry.path(), "", {} }, 32 * mebibyte, round % 2 != 0);
            INFO(run.console);
            CHECK(run.console.find("FAILED") == std::string::npos);
            CHECK(run.result.outcome == Outcome::Success);
        }
    }
}
