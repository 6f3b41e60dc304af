// Every format of a comparison carries the same facts, and none is taken in by hostile names and texts.
#include "core/report/comparison_charts.hpp"
#include "core/report/comparison_csv.hpp"
#include "core/report/comparison_html.hpp"
#include "core/report/comparison_json.hpp"
#include "core/report/comparison_markdown.hpp"
#include "core/report/comparison_text.hpp"
#include "core/report/comparison_words.hpp"
#include "core/session/comparison_figures.hpp"
#include "tests/catch.hpp"
#include "tests/support/text.hpp"

#include <algorithm>

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr const char* hostile = "<script>x</script>\"'&\x1B[31m\xFF,|`";

ComparisonRow row_of(const std::string& strategy, std::vector<uint64_t> times)
{
    ComparisonRow row;
    row.strategy = strategy;
    row.idea = "It runs.";
    row.detail = hostile;
    row.verdict = Verdict::AsExpected;
    row.outcome = "success";
    row.console = hostile;
    for (auto time : times)
        row.runs.push_back({ time, hostile });
    row.time = spread_of(std::move(times));
    row.exit_count = 1234;
    row.exits = { { EventKind::PortWrite, 1200, 0.97, 1201, 240'200, 200, 1.0 }, { EventKind::Halt, 34, 0.03, 34, 1'000, 29, 0 } };
    auto& watched = row.watched.emplace();
    watched.wall = row.time ? row.time->median : 1;
    watched.guest = watched.wall / 2;
    watched.monitor = watched.wall - watched.guest;
    watched.ring_entries[0][3] = 77;
    return row;
}

Comparison sample(uint64_t slow = 40'000'000)
{
    Comparison comparison;
    comparison.guest = hostile;
    comparison.title = hostile;
    comparison.command_line = hostile;
    comparison.memory_bytes = 32u << 20;
    comparison.runs = 3;
    comparison.host = { { "CPU", hostile } };
    comparison.rows = { row_of("emulation", { slow, slow + 1, slow + 2 }), row_of("trap", { 10'000'000, 10'000'001, 10'000'002 }) };
    comparison.missing = { { "hardware", hostile, hostile } };
    set_ratios(comparison);
    return comparison;
}

bool has(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

std::size_t count_of(const std::string& text, std::string_view part)
{
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++count;
    return count;
}

}

TEST_CASE("the table of a comparison fits 80 columns and a terminal", "[report]")
{
    auto text = comparison_text(sample(), Style {});
    CHECK(widest_line(text) <= 80);
    CHECK_FALSE(has(text, "\x1B"));
    CHECK(has(text, "emulation"));
    CHECK(has(text, "4.00 ×"));
    CHECK(has(text, "hardware is missing"));
    CHECK(has(text, "1,234"));
}

TEST_CASE("the table is plain ASCII where the terminal has no more", "[report]")
{
    auto comparison = sample();
    comparison.title = "rings 0 → 3";
    auto text = comparison_text(comparison, Style { .unicode = false });
    CHECK(std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
    CHECK(has(text, "4.00 x"));
}

TEST_CASE("a guest whose exits and ring changes are many does not break the table", "[report]")
{
    auto comparison = sample();
    for (auto& row : comparison.rows) {
        row.exit_count = UINT64_MAX / 2'000'000'000'000;
        row.watched->ring_entries[3][0] = 123'456'789;
    }
    CHECK(widest_line(comparison_text(comparison, Style {})) <= 80);
}

TEST_CASE("the text of a row that was not timed says why", "[report]")
{
    auto comparison = sample();
    comparison.rows[1].verdict = Verdict::Different;
    comparison.rows[1].reason = "its console differs";
    comparison.rows[1].time.reset();
    set_ratios(comparison);
    for (const auto& text : { comparison_text(comparison, Style {}), comparison_markdown(comparison), comparison_html(comparison) }) {
        CHECK(has(text, "not timed"));
        CHECK(has(text, "trap: not compared: its console differs."));
    }
    CHECK_FALSE(all_as_expected(comparison));
    CHECK(comparison_json(comparison)["as_expected"] == false);
}

TEST_CASE("nothing timed at all is a report, too", "[report]")
{
    Comparison comparison;
    comparison.guest = "g";
    comparison.rows.resize(1);
    comparison.rows[0].strategy = "trap";
    comparison.rows[0].reason = "it died";
    set_ratios(comparison);
    for (const auto& text : { comparison_text(comparison, Style {}), comparison_markdown(comparison), comparison_html(comparison) })
        CHECK(has(text, "it died"));
    CHECK(comparison_json(comparison)["fastest"].is_null());
    CHECK(has(comparison_csv(comparison), "it died"));
}

TEST_CASE("JSON, CSV, Markdown and HTML carry the same figures", "[report]")
{
    auto comparison = sample();
    auto json = comparison_json(comparison);
    CHECK(json["strategies"][0]["time_ns"]["median"] == 40'000'001);
    CHECK(json["strategies"][0]["runs"].size() == 3);
    CHECK(json["strategies"][0]["exits"][0]["count"] == 1200);
    CHECK(json["strategies"][0]["exits"][1]["watched_time_share"].is_null());
    CHECK(json["strategies"][1]["ratio"] == 1.0);
    CHECK(json["missing"][0]["strategy"] == "hardware");
    auto csv = comparison_csv(comparison);
    for (auto part : { ",emulation,time,,median_ns,40000001\r\n", ",emulation,run,2,time_ns,40000001\r\n",
             ",trap,exit,port-write,count,1200\r\n", ",trap,ring-change,0 to 3,count,77\r\n", ",hardware,missing,,reason," }) {
        INFO(part);
        CHECK(has(csv, part));
    }
    for (const auto& text : { comparison_markdown(comparison), comparison_html(comparison) }) {
        for (auto part : { "40.00 ms", "10.00 ms", "4.00 ×", "1,234", "1,200", "1,201", "240.20 µs", "200 ns", "port-write", "77", "hardware", "32 MiB" }) {
            INFO(part);
            CHECK(has(text, part));
        }
    }
}

TEST_CASE("every record of a CSV report has six fields", "[report]")
{
    auto csv = comparison_csv(sample());
    std::size_t fields = 1;
    bool is_quoted = false;
    for (std::size_t i = 0; i < csv.size(); ++i) {
        if (csv[i] == '"')
            is_quoted = !is_quoted;
        else if (csv[i] == ',' && !is_quoted)
            ++fields;
        else if (csv[i] == '\n' && !is_quoted) {
            REQUIRE(fields == 6);
            fields = 1;
        }
    }
    CHECK_FALSE(is_quoted);
    CHECK(csv.ends_with("\r\n"));
}

TEST_CASE("a page is one file, without scripts, and hostile texts are only texts in it", "[report]")
{
    auto page = comparison_html(sample());
    CHECK(page.starts_with("<!DOCTYPE html>"));
    CHECK_FALSE(has(page, "<script"));
    CHECK_FALSE(has(page, "http:"));
    CHECK_FALSE(has(page, "https:"));
    CHECK_FALSE(has(page, "@import"));
    CHECK_FALSE(has(page, "src="));
    CHECK_FALSE(has(page, "href="));
    CHECK_FALSE(has(page, "\x1B"));
    CHECK_FALSE(has(page, "\xFF"));
    CHECK(has(page, "&lt;script&gt;x&lt;/script&gt;"));
    CHECK(has(page, "default-src 'none'"));
    CHECK(has(page, "prefers-color-scheme: dark"));
    CHECK(has(page, "@media print"));
    CHECK(count_of(page, "role=\"img\"") == count_of(page, "<desc "));
    CHECK(count_of(page, "role=\"img\"") >= 4);
}

TEST_CASE("a logarithmic chart comes when a linear one shows too little", "[report]")
{
    CHECK_FALSE(has(comparison_html(sample()), "logarithmic"));
    auto page = comparison_html(sample(3'000'000'000));
    CHECK(has(page, "Time under each strategy, logarithmic"));
    CHECK(has(page, "Time under each strategy, linear"));
}

TEST_CASE("linear bars begin at zero and are as long as their times", "[report]")
{
    auto chart = times_chart(sample());
    CHECK(has(chart, "x=\"0.000%\" y=\"28\" width=\"100.000%\"")); // 40 ms of 40 ms
    CHECK(has(chart, "x=\"0.000%\" y=\"80\" width=\"25.000%\""));  // 10 ms of 40 ms
}

TEST_CASE("a sentence tells under which strategies being watched made another run", "[report]")
{
    auto comparison = sample();
    CHECK_FALSE(has(watched_sentence(comparison), "times as long"));
    comparison.rows[0].watched->wall = 60'000'000;
    comparison.rows[1].watched->wall = 100'000'000;
    auto sentence = watched_sentence(comparison);
    CHECK(has(sentence, "(emulation 1.5 times as long), so the monitor's part is larger"));
    CHECK(has(sentence, "(trap 10.0 times as long), because"));
}

TEST_CASE("ratios and shares read well at any size", "[report]")
{
    Style ascii { .unicode = false };
    CHECK(ratio_text(0, ascii) == "-");
    CHECK(ratio_text(1, ascii) == "1.00 x");
    CHECK(ratio_text(9.9949, ascii) == "9.99 x");
    CHECK(ratio_text(9.996, ascii) == "10.0 x");
    CHECK(ratio_text(99.96, ascii) == "100 x");
    CHECK(ratio_text(12345, Style {}) == "12,345 ×");
    CHECK(share_text(0) == "0.0 %");
    CHECK(share_text(0.0001) == "< 0.1 %");
    CHECK(share_text(1) == "100.0 %");
    CHECK(spread_text({ 90, 95, 100, 110, 120 }) == "-10% +20%");
    CHECK(spread_text({ 5, 5, 5, 5, 5 }) == "-");
}

TEST_CASE("ratios are qualified where the guest waits much", "[report]")
{
    auto comparison = sample();
    CHECK(waiting_sentence(comparison) == "");
    comparison.rows[1].watched->halted = comparison.rows[1].watched->wall / 2;
    CHECK(has(waiting_sentence(comparison), "up to 50 % of its time"));
    for (const auto& text : { comparison_markdown(comparison), comparison_html(comparison) })
        CHECK(has(text, "The guest waits for interrupts"));
}
