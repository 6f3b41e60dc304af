// A guest that jumps to random bytes, seed after seed. Whatever it hits, the session survives it and says how it ended.
#include "tests/catch.hpp"
#include "tests/escape/attack.hpp"
#include "tests/escape/canaries.hpp"
#include "tests/escape/strategies.hpp"
#include "tests/support/running.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fmt/format.h>
#include <map>

using namespace ringside;
using namespace ringside::test;

namespace {

std::chrono::seconds duration()
{
    const char* wanted = std::getenv("RINGSIDE_RANDOM_SECONDS");
    return std::chrono::seconds { wanted ? std::atoi(wanted) : 3 };
}

SessionConfiguration configure(const AttackedStrategy& strategy)
{
    SessionConfiguration configuration;
    configuration.name = "random_code";
    configuration.strategy = strategy.name;
    configuration.boot.kernel_path = escape_file(strategy.is_paravirtual ? "random_code-pv.elf" : "random_code.elf");
    configuration.memory_bytes = 8 * mebibyte;
    configuration.worker_program = program();
    return configuration;
}

// "fadd at eip 0x00010040 cannot be emulated" is one of many, and so is "triple fault: #UD, then #GP(0x33), ...".
std::string beginning(const std::string& reason)
{
    return reason.substr(0, std::min({ reason.find(" at "), reason.find('('), reason.find(',') }));
}

// How the run of one seed ended, without what differs from seed to seed.
std::string run_seed(const AttackedStrategy& strategy, unsigned seed)
{
    auto session = start(configure(strategy));
    wait_until_ready(*session);
    session->type(fmt::format("{:08x}", seed * 2654435761u | 1));
    auto give_up = std::chrono::steady_clock::now() + 1s;
    std::string console, debug;
    while (!session->ended() && std::chrono::steady_clock::now() < give_up) {
        session->wait(20ms, Session::Console::Ignore);
        session->take_console(console);
        session->take_debug_output(debug);
        console.clear();
        debug.clear();
    }
    bool ran_on = !session->ended();
    session->stop(500ms);
    const auto& end = session->end();
    CHECK_FALSE(end.result.reason.empty());
    if (ran_on)
        return end.place ? "ran on until it was stopped" : "ran on until it was killed";
    if (end.cause == SessionEnd::Cause::Died)
        return "died: " + end.result.reason;
    return std::string(outcome_name(end.result.outcome)) + ": " + beginning(end.result.reason);
}

}

TEST_CASE("a guest that jumps to random bytes harms nobody but itself", "[escape][random]")
{
    for (const auto& strategy : attacked_strategies()) {
        INFO(strategy.name);
        Canaries canaries;
        Neighbor neighbor(strategy);
        std::map<std::string, unsigned> ends;
        unsigned seed = 0;
        auto enough = std::chrono::steady_clock::now() + duration();
        while (std::chrono::steady_clock::now() < enough) {
            INFO("seed " << seed);
            ++ends[run_seed(strategy, ++seed)];
        }
        CHECK(seed >= 1);
        CHECK(canaries.harm() == "");
        CHECK(neighbor.is_well());
        fmt::print("random code, {}, seeds 1 to {}:\n", strategy.name, seed);
        for (const auto& [how, count] : ends)
            fmt::print("  {:>4}  {}\n", count, how);
    }
}
