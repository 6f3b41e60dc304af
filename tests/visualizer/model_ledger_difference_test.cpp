#include "tests/support/text.hpp"
#include "tests/visualizer/model_samples.hpp"
#include "visualizer/model/ledger_difference.hpp"

using namespace ringside;
using namespace ringside::visualizer;
namespace sample = ringside::visualizer::test;

namespace {

constexpr TickScale nanoseconds { 1'000'000'000, 0 };

ExitLedger ledger_from(const std::vector<EventRecord>& events, bool timed = true)
{
    ExitSums sums;
    for (const auto& event : events)
        sums.add(event);
    return ledger_of(sums, nanoseconds, timed);
}

// Many cheap CPUIDs, a dear port and a long wait against few of each.
const std::vector<EventRecord> slow { sample::exit_at(0, 300, EventKind::Cpuid), sample::exit_at(400, 300, EventKind::Cpuid),
    sample::exit_at(800, 100), sample::exit_at(1000, 90'000, EventKind::Halt), sample::exit_at(95'000, 10, EventKind::ShadowFill) };
const std::vector<EventRecord> fast { sample::exit_at(0, 50, EventKind::Cpuid), sample::exit_at(100, 40),
    sample::exit_at(200, 60, EventKind::ShadowFill) };

}

TEST_CASE("the difference of two ledgers is told by reason, what says most first, and waiting is no part of it", "[visualizer][ledger]")
{
    auto left = ledger_from(slow), right = ledger_from(fast);
    auto difference = difference_between(left, right);
    CHECK(difference.nanoseconds == 560);
    REQUIRE(difference.parts.size() == 3);
    CHECK(difference.parts[0].kind == EventKind::Cpuid);
    CHECK(difference.parts[0].nanoseconds == 550);
    CHECK(difference.parts[1].kind == EventKind::PortWrite);
    CHECK(difference.parts[2].kind == EventKind::ShadowFill);
    CHECK(difference.parts[2].nanoseconds == -50);
    auto back = difference_between(right, left);
    CHECK(back.nanoseconds == -560);
    CHECK(back.parts[0].kind == EventKind::Cpuid);
}

TEST_CASE("a sentence for the whole and one for each reason that explains it", "[visualizer][ledger]")
{
    auto text = difference_text(ledger_from(slow), "trap", ledger_from(fast), "rewriting", Style {});
    CHECK(text
        == "The monitor works 560 ns longer under trap than under rewriting: 710 ns against 150 ns.\n"
           "cpuid: 550 ns more. Under trap: 2 of 300 ns; under rewriting: 1 of 50 ns.\n"
           "port-write: 60 ns more. Under trap: 1 of 100 ns; under rewriting: 1 of 40 ns.\n");
    auto only = difference_text(ledger_from(fast), "rewriting", ledger_from({}), "hardware", Style {});
    CHECK(only.find("under hardware: none") != std::string::npos);
}

TEST_CASE("equal ledgers have no reasons, and unmeasured ones no sentence about times", "[visualizer][ledger]")
{
    auto same = ledger_from(fast);
    CHECK(ringside::test::lines_of(difference_text(same, "a", same, "b", Style {})) == 1);
    auto unmeasured = ledger_from(fast, false);
    CHECK(difference_text(unmeasured, "a", same, "b", Style {}) == "Durations are not measured under the virtual clock.\n");
}
