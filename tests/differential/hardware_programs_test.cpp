// Generated programs run to the same end and see the same events under emulation and on a CPU that executes them itself.
//
// RINGSIDE_SEED, RINGSIDE_CASES, RINGSIDE_LISTING: as in programs_test.cpp.
#include "strategies/hardware/emulated_cpu.hpp"
#include "strategies/hardware/hardware.hpp"
#include "tests/catch.hpp"
#include "tests/differential/comparer.hpp"
#include "tests/differential/program_comparison.hpp"
#include "tests/differential/program_side.hpp"
#include "tests/differential/program_tally.hpp"
#include "tests/differential/qemu_cpu.hpp"
#include "tests/differential/watchdog.hpp"

#include <algorithm>
#include <fmt/format.h>

using namespace ringside;
using namespace ringside::test;

namespace {

// Where emulation and a CPU may part without the CPU being wrong.
const char* explanation(const ProgramOutcome& emulated)
{
    auto is_debug = [](const LoggedEvent& event) { return (event.vector & 0xFF) == DB; };
    if (std::ranges::any_of(emulated.events, is_debug))
        return "a single step shows flags that the manual leaves undefined";
    return nullptr;
}

}

// In non-root mode QEMU's CPU runs an instruction that has just been overwritten once more as it was: there, programs leave
// their code alone.
TEST_CASE("Generated programs end and fault under hardware as they do under emulation", "[differential][hardware]")
{
    if (!probe_hardware().available) {
        WARN("skipped: " << probe_hardware().detail);
        return;
    }
    ProgramSide emulation([](Engine& engine) { return find_strategy("emulation")->create(engine); });
    ProgramSide hardware([](Engine& engine) { return find_strategy("hardware")->create(engine); });
    Watchdog watchdog(emulation.strategy(), hardware.strategy());
    uint64_t first = chosen_seed(), count = chosen_cases(2000);
    bool on_qemu = cpu_is_emulated_by_qemu();
    Tally tally;
    for (uint64_t seed = first; seed < first + count; ++seed) {
        Program program = make_program(seed, on_qemu ? OwnCode::LeftAlone : OwnCode::Changed);
        if (on_qemu)
            program.state.cr4 |= cr4::mce; // that of the host, which QEMU 10 shows to the guest now and then
        ProgramOutcome emulated = emulation.run(program);
        emulation.strategy().release();
        ProgramOutcome executed = hardware.run(program);
        hardware.strategy().release();
        if (on_qemu)
            forgive_qemu(emulated, emulation.memory(), executed, hardware.memory());
        std::string text = differences(emulated, executed);
        if (emulated.reason != Exit::Reason::TripleFault)
            text += memory_differences(emulation.memory(), hardware.memory());
        tally.add(program, emulated, text, explanation(emulated));
    }
    fmt::print("{} programs from {} on, ", count, first);
    tally.print();
    CHECK(tally.different() == 0);
    CHECK(tally.explained() <= count / 100);
    CHECK((tally.events() > count || count < 100));
}
