#include "core/report/comparison_csv.hpp"
#include "core/report/comparison_html.hpp"
#include "core/report/comparison_json.hpp"
#include "core/report/comparison_markdown.hpp"
#include "core/report/comparison_text.hpp"
#include "core/report/nano_tables.hpp"
#include "core/report/nano_text.hpp"
#include "core/report/wrapped_text.hpp"
#include "tests/catch.hpp"

#include <sstream>

using namespace ringside;

namespace {

// As wide as it gets: the five strategies, with the largest figures that a guest says.
NanoComparison wide()
{
    NanoComparison nano;
    for (const char* strategy : { "emulation", "trap", "rewriting", "paravirt", "hardware" }) {
        nano.columns.push_back({ strategy, {} });
        nano.columns.back().figures.fill(1234567.8);
    }
    nano.columns[1].figures[1] = 26.4;
    nano.columns[2].figures[1] = std::nullopt;
    nano.ticks_per_second = 2.5e9;
    auto ways = time_stamp_ways();
    ways[3].ticks = 6646.4;
    nano.ways.assign(ways.begin(), ways.end());
    return nano;
}

Comparison comparison()
{
    Comparison made;
    made.guest = "nanobench";
    made.nano = wide();
    return made;
}

bool contains(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

}

TEST_CASE("figures have a tenth where it matters, and no figure is a dash", "[report]")
{
    CHECK(ticks_text(std::nullopt) == "-");
    CHECK(ticks_text(0.0) == "0");
    CHECK(ticks_text(0.1) == "0.1");
    CHECK(ticks_text(26.4) == "26.4");
    CHECK(ticks_text(154.8) == "155");
    CHECK(ticks_text(12733.0) == "12,733");
}

TEST_CASE("the table for a terminal has every strategy and the paper in 80 columns", "[report]")
{
    auto text = nano_text(wide(), { .color = false, .unicode = false });
    std::istringstream lines(text);
    unsigned count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        CAPTURE(line);
        CHECK(width_of(line) <= 80);
        CHECK((line.empty() || line.back() != ' '));
    }
    CHECK(count > nano_operation_count + time_stamp_way_count);
    CHECK(contains(text, "hardware"));
    CHECK(contains(text, "15,826"));
    CHECK(contains(text, "0.40 ns"));
}

TEST_CASE("a table's row is an operation, with a dash where there is no figure", "[report]")
{
    auto table = nano_table(wide());
    REQUIRE(table.rows.size() == nano_operation_count);
    CHECK(table.rows[1] == std::vector<std::string> { "in", "1,234,568", "26.4", "-", "1,234,568", "1,234,568", "3,209", "216", "15,826" });
    CHECK(table.rows.back().back() == "-");
    for (const auto& row : table.rows)
        CHECK(row.size() == table.heading.size());
    auto ways = time_stamp_table(wide());
    REQUIRE(ways.rows.size() == time_stamp_way_count);
    CHECK(ways.rows[3][1] == "6,646");
    CHECK(ways.rows[3][2] == "2,030");
}

TEST_CASE("every format of a comparison has the operations, and none has them of other guests", "[report]")
{
    auto with = comparison();
    auto without = with;
    without.nano.reset();
    CHECK(contains(comparison_text(with, {}), "15,826"));
    CHECK_FALSE(contains(comparison_text(without, {}), "15,826"));
    CHECK(contains(comparison_markdown(with), "| 15,826 |"));
    CHECK_FALSE(contains(comparison_markdown(without), "15,826"));
    CHECK(contains(comparison_html(with), ">15,826<"));
    CHECK_FALSE(contains(comparison_html(without), "15,826"));
    CHECK(contains(comparison_csv(with), "nanobench,,operation,in,paper_vt,15826.00\r\n"));
    CHECK(contains(comparison_csv(with), "nanobench,trap,operation,in,ticks,26.40\r\n"));
    CHECK(contains(comparison_csv(with), "nanobench,rewriting,operation,rdtsc trap,ticks,6646.40\r\n"));
    CHECK_FALSE(contains(comparison_csv(without), ",operation,"));
    auto json = comparison_json(with);
    CHECK(json["operations"]["operations"][1]["ticks"]["trap"] == 26.4);
    CHECK(json["operations"]["operations"][1]["ticks"]["rewriting"].is_null());
    CHECK(json["operations"]["operations"][1]["paper"]["vt"] == 15826);
    CHECK(json["operations"]["operations"].back()["paper"].is_null());
    CHECK(json["operations"]["rdtsc_under_rewriting"][3]["ticks"] == 6646.4);
    CHECK(comparison_json(without)["operations"].is_null());
}
