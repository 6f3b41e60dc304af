// A guest that is handed from strategy to strategy while it computes ends in the same state as one that never is.
#include "core/machine/machine.hpp"
#include "tests/catch.hpp"
#include "tests/support/guests.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fmt/format.h>
#include <functional>
#include <random>
#include <thread>

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr Nanoseconds microseconds = 1000;

std::vector<const StrategyEntry*> strategies_here()
{
    std::vector<const StrategyEntry*> found;
    for (const auto& entry : all_strategies()) {
        if (entry.info().guest == GuestKind::Unmodified && entry.probe().available)
            found.push_back(&entry);
    }
    return found;
}

bool can_switch()
{
    bool can = strategies_here().size() >= 2;
    if (!can)
        WARN("skipped: there are no two strategies here that could take turns");
    return can;
}

struct Run {
    std::unique_ptr<TraceMemory> trace
        = std::make_unique<TraceMemory>(std::move(*TraceMemory::create(64, TickSource::TimeStampCounter, Overflow::Drop)));
    std::unique_ptr<Machine> machine;
    RunResult result;

    explicit Run(const std::string& name, std::vector<PlannedSwitch> switches = {}, std::function<void(Machine&)> marked = {})
    {
        auto entries = strategies_here();
        MachineConfiguration configuration;
        configuration.strategy = entries.front();
        configuration.other_strategies = entries;
        if (marked)
            configuration.debug_output = [this, marked](char) { marked(*machine); };
        configuration.switches = std::move(switches);
        configuration.boot.kernel_path = guest(name);
        configuration.memory_bytes = 4 * mebibyte;
        auto created = Machine::create(std::move(configuration), trace->block());
        REQUIRE(created);
        machine = std::move(*created);
    }

    // A guest that loses its way is stopped after a minute.
    void to_end()
    {
        std::atomic<bool> done { false };
        std::thread watch([&] {
            for (int tenths = 0; tenths < 600 && !done; ++tenths)
                std::this_thread::sleep_for(std::chrono::milliseconds { 100 });
            machine->post(Command::Stop);
        });
        result = machine->run();
        done = true;
        watch.join();
    }
    uint64_t count(EventKind kind) const { return trace->block().counters[static_cast<std::size_t>(kind)].count; }
    std::vector<std::byte> results() const
    {
        auto bytes = machine->engine().memory().bytes(Gpa { 0x200000 }, 0x20000);
        return { bytes.begin(), bytes.end() };
    }
};

// Gaps between 100 microseconds and `longest`.
std::vector<PlannedSwitch> random_switches(unsigned seed, std::size_t count, Nanoseconds longest)
{
    std::mt19937 random(seed);
    auto entries = strategies_here();
    std::vector<PlannedSwitch> switches;
    Nanoseconds at = 0;
    for (std::size_t i = 0; i < count; ++i) {
        at += 100 * microseconds + random() % longest;
        switches.push_back({ at, entries[(i + 1) % entries.size()] });
    }
    return switches;
}

// Where the results part, for people; "" when they are the same.
std::string first_difference(const std::vector<std::byte>& expected, const std::vector<std::byte>& got)
{
    auto [left, right] = std::ranges::mismatch(expected, got);
    if (left == expected.end())
        return "";
    return fmt::format("at {:#x}: expected {:#04x}, got {:#04x}", 0x200000 + (left - expected.begin()),
        static_cast<unsigned>(*left), static_cast<unsigned>(*right));
}

const std::vector<std::byte>& undisturbed()
{
    static const auto results = [] {
        Run run("mix", { { 0, strategies_here().back() } });
        run.to_end();
        REQUIRE(run.result.outcome == Outcome::Success);
        return run.results();
    }();
    return results;
}

}

TEST_CASE("A guest that changes its strategy more than 100 times at random points computes the same", "[switching]")
{
    if (!can_switch())
        return;
    auto seed = GENERATE(1u, 2u);
    INFO("seed " << seed);
    // At any instruction, as the clock has it; and, however busy the host, after a fourth of the rounds.
    std::mt19937 random(seed);
    auto entries = strategies_here();
    std::size_t next = 0;
    Run run("mix", random_switches(seed, 5000, 500 * microseconds), [&](Machine& machine) {
        if (random() % 4 == 0)
            REQUIRE(machine.switch_to(*entries[next++ % entries.size()]));
    });
    run.to_end();
    CHECK(run.result.outcome == Outcome::Success);
    CHECK(run.count(EventKind::StrategySwitch) >= 100);
    CHECK(first_difference(undisturbed(), run.results()) == "");
}

// Where the last floating-point instruction was, which not every processor keeps, and what 32-bit mode has no use for.
void forget_what_is_not_state(CpuState& state)
{
    std::fill(state.fxsave.begin() + 6, state.fxsave.begin() + 24, std::byte {}); // the last instruction and operand
    std::fill(state.fxsave.begin() + 28, state.fxsave.begin() + 32, std::byte {}); // the mask of MXCSR
    std::fill(state.fxsave.begin() + 288, state.fxsave.end(), std::byte {});
}

TEST_CASE("A guest that moves through all strategies and back ends in the state of one that stayed", "[switching][tour]")
{
    if (!can_switch())
        return;
    auto entries = strategies_here();
    constexpr std::size_t marks_between = 5;
    std::size_t marks = 0;
    Run stayed("mix"), moved("mix", {}, [&](Machine& machine) {
        std::size_t next = ++marks / marks_between;
        if (marks % marks_between == 0 && next <= entries.size())
            REQUIRE(machine.switch_to(*entries[next % entries.size()]));
    });
    stayed.to_end();
    moved.to_end();
    CHECK(moved.count(EventKind::StrategySwitch) == entries.size());
    CHECK(&moved.machine->strategies().entry() == entries.front());
    CHECK(moved.result.outcome == stayed.result.outcome);
    CHECK(moved.result.reason == stayed.result.reason);
    CHECK(first_difference(stayed.results(), moved.results()) == "");
    auto here = moved.machine->strategy().save(), there = stayed.machine->strategy().save();
    forget_what_is_not_state(here);
    forget_what_is_not_state(there);
    CHECK(here.gpr == there.gpr);
    CHECK(here.eip == there.eip);
    CHECK(here.eflags == there.eflags);
    CHECK(here == there);
}

TEST_CASE("Changes that another thread asks for in quick succession lose nothing", "[switching]")
{
    if (!can_switch())
        return;
    Run run("mix");
    std::atomic<bool> done { false }, refused { false };
    std::thread asking([&] {
        std::mt19937 random(4);
        auto entries = strategies_here();
        while (!done) {
            std::this_thread::sleep_for(std::chrono::microseconds { random() % 300 });
            if (!run.machine->switch_to(*entries[random() % entries.size()]))
                refused = true;
        }
    });
    run.to_end();
    done = true;
    asking.join();
    CHECK_FALSE(refused);
    CHECK(run.result.outcome == Outcome::Success);
    CHECK(run.count(EventKind::StrategySwitch) >= 3);
    CHECK(first_difference(undisturbed(), run.results()) == "");
}

TEST_CASE("A guest that waits for interrupts gets every one of them, whoever it waits under", "[switching]")
{
    if (!can_switch())
        return;
    Run run("ticker", random_switches(5, 2000, 400 * microseconds));
    run.to_end();
    CHECK(run.result.outcome == Outcome::Success);
    CHECK(run.machine->engine().memory().read<uint32_t>(Gpa { 0x200000 }) == 150u);
    CHECK(run.count(EventKind::Halt) >= 100);
    CHECK(run.count(EventKind::StrategySwitch) >= 20);
}

TEST_CASE("A machine refuses a strategy that it was not set up for", "[switching]")
{
    Run run("greet");
    auto refused = run.machine->switch_to(*find_strategy("paravirt"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ExitCode::Usage);
    CHECK(refused.error().message == "this run was not set up for the strategy 'paravirt'");
    CHECK(run.machine->switch_to(*find_strategy("emulation")));
    run.to_end();
    CHECK(run.count(EventKind::StrategySwitch) == 0);
}

TEST_CASE("The time-stamp counter does not go back when the strategy changes", "[switching]")
{
    auto* trap = find_strategy("trap");
    if (!trap->probe().available)
        return;
    Run run("greet");
    uint64_t before = __rdtsc();
    uint64_t engine = run.machine->engine().time_stamp_counter();
    CHECK(engine >= before);
    CHECK(engine <= __rdtsc());
}
