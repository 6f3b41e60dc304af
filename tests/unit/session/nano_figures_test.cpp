#include "core/session/nano_figures.hpp"

#include "core/session/comparison.hpp"
#include "tests/catch.hpp"

#include <random>

using namespace ringside;

namespace {

std::optional<double> figure(const NanoFigures& figures, std::string_view name)
{
    for (std::size_t i = 0; i < nano_operation_count; ++i) {
        if (nano_operations()[i].name == name)
            return figures[i];
    }
    FAIL("there is no operation " << name);
    return std::nullopt;
}

ComparisonRow row(const std::string& strategy, const std::vector<std::string>& outputs)
{
    ComparisonRow made;
    made.strategy = strategy;
    for (const auto& output : outputs)
        made.runs.push_back({ 1, output });
    return made;
}

}

TEST_CASE("the figures of operations are read from what the guest wrote to port 0xE9", "[session]")
{
    auto figures = parse_nano_figures("nanobench: syscall 154.8\nnanobench: in 0.0\nhello\nnanobench: rdtsc 429496729.5");
    CHECK(figure(figures, "syscall") == 154.8);
    CHECK(figure(figures, "in") == 0);
    CHECK(figure(figures, "rdtsc") == 429496729.5);
    CHECK_FALSE(figure(figures, "callret"));
}

TEST_CASE("what is no figure is passed over, and of two figures the first counts", "[session]")
{
    for (std::string_view line : { "nanobench: in", "nanobench: in ", "nanobench: in 1", "nanobench: in 1.", "nanobench: in .5",
             "nanobench: in 1.25", "nanobench: in -1.0", "nanobench: in 1.0 ", "nanobench: in 1e5.0", "nanobench: in 99999999999.9",
             "nanobench: in nan.0", "nanobench: out 1.0", "nanobench:in 1.0", " nanobench: in 1.0", "NANOBENCH: in 1.0", "nanobench: in 1.0\r" }) {
        CAPTURE(line);
        CHECK_FALSE(has_any(parse_nano_figures(line)));
    }
    auto figures = parse_nano_figures("nanobench: in x\nnanobench: in 2.0\nnanobench: in 3.0\n");
    CHECK(figure(figures, "in") == 2.0);
}

TEST_CASE("arbitrary text on port 0xE9 is read without harm, and gives finite figures", "[session]")
{
    std::mt19937 random(20261123);
    const std::string_view pieces[] { "nanobench: ", "nanobench: in ", "in", " ", "1", ".", "5", "\n", "syscall", "9999", std::string_view("\0", 1), "\xFF" };
    unsigned found = 0;
    for (int i = 0; i < 20000; ++i) {
        std::string text;
        for (auto count = random() % 24; count > 0; --count)
            text += pieces[random() % std::size(pieces)];
        for (const auto& one : parse_nano_figures(text)) {
            if (!one)
                continue;
            ++found;
            CHECK(*one >= 0);
            CHECK(*one < 1e10);
        }
    }
    CHECK(found > 0);
}

TEST_CASE("an operation's figure is the median over the runs that have it", "[session]")
{
    const std::vector<NanoFigures> runs { parse_nano_figures("nanobench: in 5.0\nnanobench: rdtsc 1.0\n"),
        parse_nano_figures("nanobench: in 1.0\n"), parse_nano_figures("nanobench: in 100.0\nnanobench: rdtsc 2.0\n") };
    auto medians = median_figures(runs);
    CHECK(figure(medians, "in") == 5.0);
    CHECK(figure(medians, "rdtsc") == 1.5);
    CHECK_FALSE(figure(medians, "syscall"));
    CHECK_FALSE(has_any(median_figures({})));
}

TEST_CASE("a comparison has a column for each strategy, and none at all when no guest has said a figure", "[session]")
{
    Comparison comparison;
    comparison.rows = { row("trap", { "nanobench: in 6.0\n", "nanobench: in 8.0\n" }), row("broken", {}) };
    auto nano = nano_comparison_of(comparison);
    REQUIRE(nano);
    REQUIRE(nano->columns.size() == 2);
    CHECK(nano->columns[0].strategy == "trap");
    CHECK(figure(nano->columns[0].figures, "in") == 7.0);
    CHECK_FALSE(has_any(nano->columns[1].figures));
    CHECK(nano->ticks_per_second > 1e6);
    comparison.rows = { row("trap", { "in 6.0\n" }) };
    CHECK_FALSE(nano_comparison_of(comparison));
    CHECK_FALSE(time_stamp_ticks(comparison));
    comparison.rows = { row("rewriting", { "nanobench: rdtsc 26.0\n" }) };
    CHECK(time_stamp_ticks(comparison) == 26.0);
}

// The figures that issue and documentation name.
TEST_CASE("the paper's figures are those of Adams & Agesen", "[session]")
{
    const auto& in = nano_operations()[1];
    REQUIRE(in.paper);
    CHECK(in.paper->native == 3209);
    CHECK(in.paper->rewriter == 216);
    CHECK(in.paper->vt == 15826);
    unsigned measured = 0;
    for (const auto& operation : nano_operations())
        measured += operation.paper.has_value();
    CHECK(measured == 7);
    CHECK(time_stamp_ways()[1].paper == 216);
    CHECK(time_stamp_ways()[2].paper == 1254);
    CHECK(time_stamp_ways()[3].paper == 2030);
}
