// `ringside run --rdtsc`: the three ways of rewriting RDTSC, and none.
#include "core/machine/strategy.hpp"
#include "tests/catch.hpp"
#include "tests/support/command.hpp"

using namespace ringside::test;

namespace {

bool rewriting_is_available()
{
    auto availability = ringside::find_strategy("rewriting")->probe();
    if (!availability.available)
        WARN("skipped: " << availability.detail);
    return availability.available;
}

// What the guest says that RDTSC costs, on port 0xE9, which goes to standard error. -1: nothing.
double cycles(const std::string& kind)
{
    auto outcome = run_program({ "run", "nanobench", "--strategy", "rewriting", "--rdtsc", kind });
    CHECK(outcome.status == 0);
    const std::string begin = "nanobench: rdtsc ";
    auto at = outcome.errors.find(begin);
    return at == std::string::npos ? -1 : std::stod(outcome.errors.substr(at + begin.size()));
}

}

TEST_CASE("RDTSC costs least inline, more by a call of the monitor, and most by a trap", "[cli]")
{
    if (!rewriting_is_available())
        return;
    double copied = cycles("native"), in_place = cycles("inline"), called = cycles("callout"), trapped = cycles("trap");
    CHECK(copied > 0);
    CHECK(in_place > 0);
    CHECK(called > in_place);
    CHECK(trapped > called);
}

TEST_CASE("disasm shows what became of RDTSC", "[cli]")
{
    if (!rewriting_is_available())
        return;
    auto inline_code = run_program({ "disasm", "nanobench", "--block", "rdtsc_loop", "--rdtsc", "inline" }).output;
    CHECK(inline_code.find("ahead_32_63") != std::string::npos);
    CHECK(inline_code.find("inline") != std::string::npos);
    auto trap = run_program({ "disasm", "nanobench", "--block", "rdtsc_loop", "--rdtsc", "trap" }).output;
    CHECK(trap.find("hlt") != std::string::npos);
    CHECK(trap.find("trap") != std::string::npos);
}

TEST_CASE("--rdtsc where nothing is rewritten is a usage error, and so is another word", "[cli]")
{
    for (const std::string strategy : { "emulation", "trap", "paravirt" }) {
        auto outcome = run_program({ "run", "hello", "--strategy", strategy, "--rdtsc", "trap" });
        CHECK(outcome.status == 2);
        CHECK(outcome.errors.find("--rdtsc has no meaning") != std::string::npos);
    }
    CHECK(run_program({ "run", "hello", "--strategy", "rewriting", "--rdtsc", "never" }).status == 2);
}
