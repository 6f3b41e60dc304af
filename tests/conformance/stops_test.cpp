// A guest that is stopped all the time, wherever it is, does what it does undisturbed. Under emulation that is hard because
// it stops between blocks only (docs/decisions/0009); under the native strategies because a signal comes at any instruction
// of the host, in the middle of a change of ring, too.
#include "core/machine/machine.hpp"
#include "core/session/scenario.hpp"
#include "strategies/hardware/emulated_cpu.hpp"
#include "tests/catch.hpp"
#include "tests/conformance/guest_runner.hpp"
#include "tests/conformance/variants.hpp"

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

// Between two kicks, in microseconds.
struct Pauses {
    int shortest = 50;
    int longest = 200;
};

// Kicks `machine` again and again while it lives.
class Kicker {
public:
    Kicker(Machine& machine, Pauses pauses)
        : m_pauses(pauses), m_thread([this, &machine] { loop(machine); })
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
        std::uniform_int_distribution pause(m_pauses.shortest, m_pauses.longest);
        while (!m_quit) {
            wait(std::chrono::microseconds { pause(random) });
            machine.strategy().kick();
        }
    }

    // Sleeping takes some 50 microseconds at least.
    static void wait(std::chrono::microseconds time)
    {
        if (time >= std::chrono::microseconds { 50 })
            return std::this_thread::sleep_for(time);
        auto end = std::chrono::steady_clock::now() + time;
        while (std::chrono::steady_clock::now() < end) { }
    }

    Pauses m_pauses;
    std::atomic<bool> m_quit { false };
    std::thread m_thread;
};

struct Conditions {
    std::string strategy = "emulation";
    Pauses pauses {};
    bool exact_rings = false;
};

StoppedRun run_with_stops(BootRequest boot, uint64_t memory_bytes, const Conditions& conditions)
{
    auto trace = TraceMemory::create(1 << 10, TickSource::TimeStampCounter, Overflow::Drop);
    REQUIRE(trace);
    trace->block().exact_rings = conditions.exact_rings;
    StoppedRun run;
    MachineConfiguration configuration;
    configuration.strategy = find_strategy(conditions.strategy);
    configuration.boot = std::move(boot);
    configuration.memory_bytes = memory_bytes;
    configuration.console_output = [&](std::string_view text) { run.console += text; };
    auto machine = Machine::create(std::move(configuration), trace->block());
    REQUIRE(machine);
    Kicker kicker(**machine, conditions.pauses);
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
            auto run = run_with_stops(scenario->boot, scenario->memory_mebibytes * mebibyte, { .exact_rings = round % 2 != 0 });
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
            auto run = run_with_stops({ entry.path(), "", {} }, 32 * mebibyte, { .exact_rings = round % 2 != 0 });
            INFO(run.console);
            CHECK(run.console.find("FAILED") == std::string::npos);
            CHECK(run.result.outcome == Outcome::Success);
        }
    }
}

// Rings, segments, address spaces, faults and the FPU change while the signals come; most of them in a strategy's own code.
TEST_CASE("A guest that runs natively and gets a signal every few microseconds is not disturbed", "[conformance][stops]")
{
    struct Case {
        const char* scenario;
        const char* arguments;
    };
    constexpr Case cases[] { { "syscalls", " n=150000" }, { "switches", " n=3000" }, { "faults", " n=1000" },
        { "privops", " n=1000" }, { "ticks", "" }, { "sort", "" } };
    ScenarioLibrary library(RINGSIDE_SOURCE_DIR "/scenarios", guests());
    unsigned stops = 0;
    for (const auto& variant : variants(GuestKind::Unmodified)) {
        if (find_strategy(variant.strategy)->info().kernel_ring == RealRing::Interpreted)
            continue;
        for (const auto& [name, arguments] : cases) {
            auto scenario = library.load(name);
            REQUIRE(scenario);
            if (scenario->difference_under(variant.strategy))
                continue;
            INFO(name << " under " << variant.name());
            auto boot = scenario->boot;
            boot.command_line += arguments;
            auto undisturbed = run_with_stops(boot, scenario->memory_mebibytes * mebibyte,
                { variant.strategy, {}, variant.recording });
            auto run = run_with_stops(boot, scenario->memory_mebibytes * mebibyte, { variant.strategy, { 1, 20 }, variant.recording });
            CHECK(first_difference(undisturbed.console, run.console) == "");
            CHECK(outcome_name(run.result.outcome) == "success");
            stops += run.stops;
        }
    }
    CHECK(stops > (cpu_is_emulated_by_qemu() ? 100 : 1000)); // one CPU, and a slow one
}
