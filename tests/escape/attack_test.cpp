// Every attack under every strategy. An attack that ends its own VM has failed; how it ended is in the table.
#include "tests/catch.hpp"
#include "tests/escape/attack.hpp"
#include "tests/support/processes.hpp"

#include <fmt/format.h>

using namespace ringside;
using namespace ringside::test;

namespace {

void show(const Attack& attack, const AttackedStrategy& strategy, const AttackEnd& end)
{
    fmt::print("{:<40} {:<10} {}\n", attack.name, strategy.name, end.verdict());
}

}

TEST_CASE("every attack fails, under every strategy", "[escape]")
{
    REQUIRE_FALSE(attacked_strategies().empty());
    for (const auto& strategy : attacked_strategies()) {
        Neighbor neighbor(strategy);
        for (const auto& attack : attacks()) {
            if (!exists(attack, strategy))
                continue;
            INFO(attack.name << ", " << strategy.name);
            auto end = carry_out(attack, strategy, neighbor);
            show(attack, strategy, end);
            INFO(end.words << "; " << end.reason);
            CHECK_FALSE(end.escaped());
            CHECK(end.harm == "");
            CHECK(neighbor.is_well());
            // What can succeed elsewhere was really tried: the worker's own account names the system call.
            if (attack.in_worker && attack.is_proven && strategy.is_direct)
                CHECK(end.reason.starts_with("the sandbox stopped the worker: system call "));
        }
    }
    CHECK(children().empty());
}
