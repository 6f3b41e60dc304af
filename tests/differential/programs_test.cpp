// Generated programs run to the same end and see the same events under emulation and under rewriting.
//
// RINGSIDE_SEED: the first program; RINGSIDE_CASES: how many; RINGSIDE_LISTING, if set: with those that differ.
#include "strategies/native/probe.hpp"
#include "strategies/rewriting/rewriting_cpu.hpp"
#include "tests/catch.hpp"
#include "tests/differential/block_validation.hpp"
#include "tests/differential/comparer.hpp"
#include "tests/differential/program_comparison.hpp"
#include "tests/differential/program_side.hpp"
#include "tests/differential/program_tally.hpp"
#include "tests/differential/watchdog.hpp"

#include <fmt/format.h>
#include <string>

using namespace ringside;
using namespace ringside::test;

TEST_CASE("Generated programs end and fault under rewriting as they do under emulation", "[differential][programs]")
{
    if (!probe_native().available) {
        WARN("skipped: " << probe_native().detail);
        return;
    }
    ProgramSide emulation([](Engine& engine) { return find_strategy("emulation")->create(engine); });
    const rewriting::RewritingCpu* cpu = nullptr;
    ProgramSide rewriting([&](Engine& engine) {
        auto made = find_strategy("rewriting")->create(engine);
        cpu = made ? dynamic_cast<rewriting::RewritingCpu*>(made->get()) : nullptr;
        return made;
    });
    Watchdog watchdog(emulation.strategy(), rewriting.strategy());
    uint64_t first = chosen_seed(), count = chosen_cases(20000);
    REQUIRE(cpu);
    BlockValidation validation(cpu->cache());
    Tally tally;
    for (uint64_t seed = first; seed < first + count; ++seed) {
        Program program = make_program(seed);
        ProgramOutcome emulated = emulation.run(program);
        emulation.strategy().release();
        ProgramOutcome rewritten = rewriting.run(program);
        validation.check();
        rewriting.strategy().release();
        std::string text = differences(emulated, rewritten);
        if (emulated.reason != Exit::Reason::TripleFault)
            text += memory_differences(emulation.memory(), rewriting.memory());
        tally.add(program, emulated, text, explanation(emulated, rewritten));
    }
    fmt::print("{} programs from {} on, ", count, first);
    tally.print();
    fmt::print("  {} blocks validated\n", validation.checked());
    CHECK(validation.wrong() == 0);
    CHECK(validation.checked() >= count);
    CHECK(tally.different() == 0);
    CHECK(tally.explained() <= count / 100);
    CHECK((tally.events() > count || count < 100));
}
