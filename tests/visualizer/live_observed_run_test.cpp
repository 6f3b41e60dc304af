// Runs that are alive, as the panels see them.
#include "core/session/scenario.hpp"
#include "tests/catch.hpp"
#include "tests/support/running.hpp"
#include "visualizer/model/guest_inspection.hpp"
#include "visualizer/model/observed_run.hpp"

#include <algorithm>
#include <functional>
#include <thread>

using namespace ringside;
using namespace ringside::visualizer;
using namespace std::chrono_literals;
using State = ObservedRun::State;

namespace {

std::unique_ptr<ObservedRun> run_of(SessionConfiguration configuration)
{
    configuration.trace_capacity = 1 << 16;
    auto run = ObservedRun::live(std::move(configuration));
    INFO((run ? "" : run.error().message));
    REQUIRE(run);
    return std::move(*run);
}

std::unique_ptr<ObservedRun> run_of(const std::string& guest, const std::string& strategy = "emulation")
{
    auto configuration = ringside::test::configuration_of(guest);
    configuration.strategy = strategy;
    return run_of(std::move(configuration));
}

SessionConfiguration scenario(const std::string& name, const std::string& strategy)
{
    auto loaded = ScenarioLibrary::of_this_program().load(name);
    REQUIRE(loaded);
    auto configuration = ringside::test::configuration_of("greet");
    configuration.boot = *loaded->boot_for(find_strategy(strategy)->info().guest);
    configuration.memory_bytes = loaded->memory_mebibytes * mebibyte;
    configuration.strategy = strategy;
    return configuration;
}

bool is_available(const std::string& strategy) { return find_strategy(strategy)->probe().available; }

bool poll_until(ObservedRun& run, const std::function<bool()>& condition)
{
    auto give_up = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > give_up)
            return false;
        run.poll();
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

}

TEST_CASE("a guest's run is seen from its first event to its end", "[visualizer][live]")
{
    auto run = run_of("greet");
    REQUIRE(poll_until(*run, [&] { return run->end() && !run->events().empty(); }));
    run->poll();
    CHECK(run->state() == State::Ended);
    CHECK_FALSE(run->failed());
    CHECK(run->status() == "the guest ended well");
    CHECK(run->console() == "hello\n");
    CHECK(run->events()[0].kind == EventKind::MachineStart);
    CHECK(run->events()[run->events().size() - 1].kind == EventKind::MachineStop);
    CHECK(run->totals()[EventKind::PortWrite].count == run->events().count(EventKind::PortWrite));
    CHECK(run->totals().elapsed > 0);
}

TEST_CASE("a guest is paused, shown, stepped and resumed", "[visualizer][live]")
{
    auto run = run_of("echo");
    REQUIRE(poll_until(*run, [&] { return run->console() == "ready\n"; }));
    REQUIRE(run->pause());
    REQUIRE(poll_until(*run, [&] { return run->state() == State::Paused && run->snapshot(); }));
    CHECK(run->status() == "paused");
    CHECK(run->snapshot()->paused);

    auto events = run->events().size();
    auto snapshots = run->snapshots_taken();
    REQUIRE(run->step(StepKind::Exit));
    REQUIRE(poll_until(*run, [&] { return run->snapshots_taken() > snapshots; }));
    CHECK(run->state() == State::Paused);
    CHECK(run->events().size() > events);
    CHECK(run->earlier_snapshot());

    REQUIRE(run->resume());
    REQUIRE(run->type("q"));
    REQUIRE(poll_until(*run, [&] { return run->state() == State::Ended; }));
    CHECK(run->console() == "ready\nq");
}

TEST_CASE("a step of a guest that runs pauses it first", "[visualizer][live]")
{
    auto run = run_of("echo");
    REQUIRE(poll_until(*run, [&] { return run->console() == "ready\n"; }));
    REQUIRE(run->step(StepKind::Exit));
    REQUIRE(poll_until(*run, [&] { return run->events().count(EventKind::MachinePause) == 2; }));
    REQUIRE(poll_until(*run, [&] { return run->state() == State::Paused; }));
    CHECK_FALSE(run->step(StepKind::Block));
    CHECK(run->state() == State::Paused);
}

TEST_CASE("a worker that dies is told of, with its cause, and what it left is still there", "[visualizer][live]")
{
    auto run = run_of("spin");
    auto other = run_of("echo");
    REQUIRE(poll_until(*run, [&] { return run->console() == "spinning"; }));
    REQUIRE(run->kill());
    REQUIRE(poll_until(*run, [&] { return run->state() == State::Ended; }));
    CHECK(run->failed());
    CHECK(run->status() == "its worker died: worker killed by SIGKILL (9)");
    CHECK(run->console() == "spinning");
    CHECK(run->events().count(EventKind::MachineStart) == 1);
    CHECK(run->memory());
    CHECK_FALSE(run->pause());
    CHECK_FALSE(run->kill());
    REQUIRE(poll_until(*other, [&] { return other->console() == "ready\n"; }));
    CHECK(other->state() == State::Running);

    REQUIRE(run->restart());
    CHECK_FALSE(run->failed());
    REQUIRE(poll_until(*run, [&] { return run->console() == "spinning"; }));
    CHECK(run->events().count(EventKind::MachineStart) == 1);
}

TEST_CASE("a run changes its strategy and says so", "[visualizer][live]")
{
    if (!is_available("trap"))
        return;
    auto configuration = ringside::test::configuration_of("echo");
    configuration.other_strategies = { "trap" };
    auto run = run_of(configuration);
    REQUIRE(run->switch_to("trap"));
    REQUIRE(poll_until(*run, [&] { return run->strategy() == "trap"; }));
    CHECK_FALSE(run->switch_to("magic"));
}

TEST_CASE("a poll is over soon however much a guest records", "[visualizer][live]")
{
    auto run = run_of("echo"); // looks at a port all the time
    REQUIRE(poll_until(*run, [&] { return run->console() == "ready\n"; }));
    for (int i = 0; i < 50; ++i) {
        auto begin = std::chrono::steady_clock::now();
        run->poll();
        CHECK(std::chrono::steady_clock::now() - begin < 100ms); // 4 ms, on a machine with nothing else to do
    }
    CHECK(run->events().size() > 1000);
}

TEST_CASE("snapshots are taken while the guest runs, as often as asked for", "[visualizer][live]")
{
    auto run = run_of("spin");
    run->poll();
    CHECK_FALSE(run->snapshot());
    run->want_snapshots(10ms);
    REQUIRE(poll_until(*run, [&] { return run->snapshots_taken() >= 5; }));
    CHECK(run->state() == State::Running);
}

TEST_CASE("what the guest's page tables say stands beside what is mapped", "[visualizer][live]")
{
    auto strategy = GENERATE(as<std::string> {}, "emulation", "trap", "rewriting", "paravirt");
    if (!is_available(strategy))
        return;
    INFO(strategy);
    auto run = run_of(scenario("syscalls", strategy));
    auto kind = strategy == "paravirt" ? EventKind::Hypercall : EventKind::SoftwareInterrupt;
    REQUIRE(run->run_to(kind));
    REQUIRE(poll_until(*run, [&] { return run->state() == State::Paused && run->snapshot(); }));
    auto view = page_tables_of(*run->snapshot(), run->memory());
    CHECK(view.paging);
    CHECK(view.pages > 0);
    CHECK(view.shadow.has_value() == (strategy != "emulation"));
    for (const auto& difference : view.differences) {
        INFO(sentence_for(difference.kind));
        CHECK(difference.kind != MappingDifference::LeftOver);
        CHECK(difference.kind != MappingDifference::OtherFrame);
    }
    auto code = code_around_eip(*run->memory(), run->snapshot()->cpu, run->symbols(), 5, 10);
    REQUIRE(code.size() >= 10);
    CHECK(std::ranges::count(code, true, &CodeLine::is_next) == 1);
    CHECK_FALSE(run->symbols().symbols().empty());
}

TEST_CASE("under rewriting the block at EIP is beside its translation", "[visualizer][live]")
{
    if (!is_available("rewriting"))
        return;
    auto run = run_of("spin", "rewriting");
    REQUIRE(poll_until(*run, [&] { return run->console() == "spinning"; }));
    REQUIRE(run->pause());
    REQUIRE(poll_until(*run, [&] { return run->snapshot().has_value(); }));
    auto blocks = translated_blocks(*run->snapshot(), run->symbols());
    REQUIRE_FALSE(blocks.empty());
    CHECK(std::ranges::any_of(blocks, [](const auto& block) {
        return std::ranges::any_of(block.instructions, [](const auto& line) { return line.is_next && !line.host.empty(); });
    }));
}
