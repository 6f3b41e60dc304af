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
#include "tests/differential/watchdog.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <map>
#include <string>

using namespace ringside;
using namespace ringside::test;

namespace {

class Tally {
public:
    void add(const Program& program, const ProgramOutcome& emulated, const ProgramOutcome& rewritten,
        const std::string& differences);
    void print() const;

    uint64_t events() const { return m_events; }
    uint64_t different() const { return m_different; }
    uint64_t explained() const;

private:
    uint64_t m_events = 0, m_triple_faults = 0, m_different = 0;
    std::map<std::string, uint64_t> m_explained; // how often by each explanation
};

void Tally::add(const Program& program, const ProgramOutcome& emulated, const ProgramOutcome& rewritten,
    const std::string& differences)
{
    constexpr uint64_t most_told = 12;
    m_events += emulated.events.size();
    m_triple_faults += emulated.reason == Exit::Reason::TripleFault;
    if (differences.empty())
        return;
    if (const char* why = explanation(emulated, rewritten))
        ++m_explained[why];
    else if (++m_different <= most_told)
        fmt::print("program {} (ring {}):\n{}{}", program.seed, program.ring, differences,
            std::getenv("RINGSIDE_LISTING") ? disassembly(program) : "");
}

uint64_t Tally::explained() const
{
    uint64_t all = 0;
    for (const auto& [why, times] : m_explained)
        all += times;
    return all;
}

void Tally::print() const
{
    fmt::print("{} events, {} triple faults: {} differ\n", m_events, m_triple_faults, m_different);
    for (const auto& [why, times] : m_explained)
        fmt::print("  explained {} times: {}\n", times, why);
}

}

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
        tally.add(program, emulated, rewritten, text);
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
