#include "core/session/comparison.hpp"
#include "core/session/comparison_figures.hpp"
#include "core/session/comparison_verdict.hpp"
#include "tests/catch.hpp"

using namespace ringside;

namespace {

ComparisonRow row_with(std::string strategy, std::vector<uint64_t> times)
{
    ComparisonRow row;
    row.strategy = std::move(strategy);
    row.verdict = Verdict::AsExpected;
    for (auto time : times)
        row.runs.push_back({ time, "" });
    row.time = spread_of(std::move(times));
    return row;
}

SessionEnd end_with(Outcome outcome, std::string reason = "")
{
    return { SessionEnd::Cause::Guest, { outcome, 0, std::move(reason) }, {}, 0, 1 };
}

Statistics statistics_with(std::vector<ExitStatistics> exits)
{
    Statistics statistics;
    statistics.exits = std::move(exits);
    return statistics;
}

}

TEST_CASE("a spread has the median in the middle and quartiles between runs", "[compare]")
{
    CHECK_FALSE(spread_of({}));
    CHECK(spread_of({ 7 }) == Spread { 7, 7, 7, 7, 7 });
    CHECK(spread_of({ 30, 10, 20 }) == Spread { 10, 15, 20, 25, 30 });
    CHECK(spread_of({ 10, 40, 20, 30 }) == Spread { 10, 18, 25, 33, 40 });
    CHECK(spread_of({ 1'000'000'000, 5, 5, 5, 5 }) == Spread { 5, 5, 5, 5, 1'000'000'000 });
}

TEST_CASE("the run that stands for all is the one with the median time", "[compare]")
{
    CHECK(median_run({}) == 0);
    CHECK(median_run(row_with("a", { 30, 10, 20 }).runs) == 2);
    CHECK(median_run(row_with("a", { 40, 10, 30, 20 }).runs) == 3); // the shorter of 20 and 30
}

TEST_CASE("ratios are of medians, to the least", "[compare]")
{
    Comparison comparison;
    comparison.rows = { row_with("slow", { 100, 90, 300 }), row_with("fast", { 20, 1, 30 }), row_with("none", {}) };
    set_ratios(comparison);
    CHECK(comparison.rows[0].ratio == 5.0);
    CHECK(comparison.rows[1].ratio == 1.0);
    CHECK(comparison.rows[2].ratio == 0.0);
    CHECK(fastest(comparison) == &comparison.rows[1]);
    CHECK(largest_ratio(comparison) == 5.0);
}

TEST_CASE("without any time there is no fastest and no ratio", "[compare]")
{
    Comparison comparison;
    comparison.rows = { row_with("none", {}), row_with("zero", { 0 }) };
    set_ratios(comparison);
    CHECK(comparison.rows[1].ratio == 0.0); // not a division by zero
    comparison.rows.pop_back();
    CHECK(fastest(comparison) == nullptr);
    CHECK(largest_ratio(comparison) == 0.0);
}

TEST_CASE("exits of timed and watched runs stand side by side, also those that only one of them has", "[compare]")
{
    auto timed = statistics_with({ { .kind = EventKind::PortWrite, .count = 10, .count_share = 0.25 },
        { .kind = EventKind::Halt, .count = 30, .count_share = 0.75 } });
    auto watched = statistics_with({ { .kind = EventKind::PortWrite, .count = 11, .time_share = 1.0, .total = 99, .mean = 9 },
        { .kind = EventKind::InterruptReturn, .count = 5 } });
    CHECK(merge_exits(timed, watched)
        == std::vector<ComparedExit> { { EventKind::Halt, 30, 0.75, 0, 0, 0, 0 },
            { EventKind::PortWrite, 10, 0.25, 11, 99, 9, 1.0 }, { EventKind::InterruptReturn, 0, 0, 5, 0, 0, 0 } });
    CHECK(merge_exits(timed, std::nullopt).size() == 2);
}

TEST_CASE("what being watched costs decides whether its parts are shown as typical", "[compare]")
{
    auto row = row_with("a", { 100 });
    CHECK(cost_of_watching(row) == 0);
    CHECK_FALSE(parts_are_typical(row));
    row.watched.emplace().wall = 150;
    CHECK(cost_of_watching(row) == 1.5);
    CHECK(parts_are_typical(row));
    row.watched->wall = 1000;
    CHECK_FALSE(parts_are_typical(row));
}

TEST_CASE("a guest that ends and says what it should is as expected", "[compare]")
{
    const ReferenceConsole reference { "trap", "hello\n" };
    Expectation written { ExpectedOutcome::Success, "", "hello\n", "" };
    Expectation compared { ExpectedOutcome::Success, "", {}, "" };
    CHECK(judge(written, end_with(Outcome::Success), "hello\n", nullptr).verdict == Verdict::AsExpected);
    CHECK(judge(compared, end_with(Outcome::Success), "hello\n", &reference).verdict == Verdict::AsExpected);
    CHECK(judge(compared, end_with(Outcome::Success), "whatever", nullptr).verdict == Verdict::AsExpected);
}

TEST_CASE("another outcome or another console is different, and says in what", "[compare]")
{
    const ReferenceConsole reference { "trap", "hello\n" };
    Expectation compared { ExpectedOutcome::Success, "", {}, "" };
    auto outcome = judge(compared, end_with(Outcome::GuestFailed, "code 3"), "hello\n", &reference);
    CHECK(outcome.verdict == Verdict::Different);
    CHECK(outcome.reason.find("code 3") != std::string::npos);
    auto console = judge(compared, end_with(Outcome::Success), "hallo\n", &reference);
    CHECK(console.verdict == Verdict::Different);
    CHECK(console.reason == "its console differs from that under trap in line 1: `hallo` instead of `hello`");
    Expectation reasoned { ExpectedOutcome::Failure, "because", {}, "" };
    CHECK(judge(reasoned, end_with(Outcome::GuestFailed, "no idea"), "", nullptr).verdict == Verdict::Different);
}

TEST_CASE("a run that was lost has failed", "[compare]")
{
    Expectation expected { ExpectedOutcome::Success, "", {}, "" };
    for (auto cause : { SessionEnd::Cause::Died, SessionEnd::Cause::Timeout, SessionEnd::Cause::Command }) {
        auto end = end_with(Outcome::Stopped, "gone");
        end.cause = cause;
        CHECK(judge(expected, end, "", nullptr).verdict == Verdict::Failed);
    }
}

TEST_CASE("a guest that is to run until it is stopped does, and where it was is part of why", "[compare]")
{
    Expectation expected { ExpectedOutcome::Timeout, "interrupts off", {}, "" };
    auto end = end_with(Outcome::Stopped, "stopped");
    end.cause = SessionEnd::Cause::Timeout;
    CHECK(judge(expected, end, "", nullptr).verdict == Verdict::Failed);
    end.place.emplace();
    CHECK(judge(expected, end, "", nullptr).verdict == Verdict::AsExpected);
    end.place->interrupts_enabled = true;
    auto judgment = judge(expected, end, "", nullptr);
    CHECK(judgment.verdict == Verdict::Failed);
    CHECK(judgment.reason.find("interrupts on") != std::string::npos);
    CHECK(judgment.reason.find("timeout (interrupts off)") != std::string::npos);
}

TEST_CASE("a documented difference is told with its reason, and is no match for the others' console", "[compare]")
{
    const ReferenceConsole reference { "trap", "ok\n" };
    Expectation expected { ExpectedOutcome::Failure, "", {}, "it cannot" };
    auto judgment = judge(expected, end_with(Outcome::GuestFailed), "no\n", &reference);
    CHECK(judgment.verdict == Verdict::Documented);
    CHECK(judgment.reason == "it cannot");
    // But it must be the difference that is documented.
    CHECK(judge(expected, end_with(Outcome::Success), "no\n", &reference).verdict == Verdict::Different);
    CHECK(judge(expected, end_with(Outcome::GuestFailed), "no\n", nullptr).verdict == Verdict::Documented);
    expected.console = "not\n";
    CHECK(judge(expected, end_with(Outcome::GuestFailed), "no\n", &reference).verdict == Verdict::Different);
}

TEST_CASE("the first difference of two texts is quoted for a terminal", "[compare]")
{
    CHECK(first_difference("a\nb\n", "a\nb\n") == "");
    CHECK(first_difference("a\nb\n", "a\nc\n") == "line 2: `c` instead of `b`");
    CHECK(first_difference("a\n", "a\nc\n") == "line 2: `c` instead of the end");
    CHECK(first_difference("a\nb\n", "a\n") == "line 2: the end instead of `b`");
    CHECK(first_difference("a\n", "a") == "only the end of the last line differs");
    CHECK(first_difference("", "\x1B[2J") == "line 1: `?[2J` instead of the end");
    CHECK(first_difference("", std::string(500, 'x')).size() < 100);
}
