#include "core/trace/statistics.hpp"
#include "core/trace/time_format.hpp"
#include "tests/unit/trace/trace_samples.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

using namespace ringside;

static TraceTotals measured()
{
    TraceTotals totals;
    totals[EventKind::PortWrite] = { 1500, 1'200'000, 210, 12'300 };
    totals[EventKind::SoftwareInterrupt] = { 12, 2'800'000, 640, 2'000'000 };
    totals[EventKind::Halt] = { 3, 30'000'000, 1'000'000, 20'000'000 };
    totals[EventKind::RingChange].count = 25;
    totals[EventKind::Injection].count = 12;
    totals[EventKind::ConsoleOutput].count = 1500;
    totals.ring_entries[0][0] = 1; // boot
    totals.ring_entries[0][3] = 13;
    totals.ring_entries[3][0] = 12;
    totals.exact_rings = true;
    totals.blocks = 1'234'567;
    totals.elapsed = 50'000'000;
    return totals;
}

TEST_CASE("the statistics of a run read like this", "[trace]")
{
    CHECK(statistics_text(statistics_of(measured()), Style {})
        == R"(VM-EXIT                Samples Samples%   Time%   Min Time   Max Time   Avg Time
software-interrupt          12    0.79%  70.00%     640 ns    2.00 ms  233.33 µs
port-write               1,500   99.01%  30.00%     210 ns   12.30 µs     800 ns
halt *                       3    0.20%       -    1.00 ms   20.00 ms   10.00 ms
total                    1,515  100.00% 100.00%
* The guest waits for an interrupt. That is no work: it is left out of Time%.

Ring changes     0 → 3: 13   3 → 0: 12
Other events     injection 12   console-output 1,500
Blocks executed  1,234,567
Events dropped   none
Wall time        50.00 ms
                 guest          16.00 ms   32.0%
                 monitor         4.00 ms    8.0%
                 waiting        30.00 ms   60.0%
)");
}

TEST_CASE("under the virtual clock no duration is claimed", "[trace]")
{
    auto totals = measured();
    totals.tick_source = TickSource::Manual;
    totals.exact_rings = false;
    totals.dropped = 5;
    CHECK(statistics_text(statistics_of(totals), Style { .unicode = false })
        == R"(VM-EXIT                Samples Samples%   Time%   Min Time   Max Time   Avg Time
port-write               1,500   99.01%       -          -          -          -
software-interrupt          12    0.79%       -          -          -          -
halt                         3    0.20%       -          -          -          -
total                    1,515  100.00%       -
Durations are not measured under the virtual clock.

Ring changes     0 -> 3: 13   3 -> 0: 12
                 returns by IRET are not counted: nothing was recorded
Other events     injection 12   console-output 1,500
Blocks executed  1,234,567
Events dropped   5
Virtual time     50.00 ms
)");
    auto json = statistics_json(statistics_of(totals));
    CHECK(json["monitor_ns"].is_null());
    CHECK(json["exits"][0]["mean_ns"].is_null());
    CHECK_FALSE(json["ring_changes_exact"].get<bool>());
}

TEST_CASE("the statistics as JSON have the same figures", "[trace]")
{
    auto json = statistics_json(statistics_of(measured()));
    CHECK(json["exit_count"] == 1515);
    CHECK(json["exits"][0]["name"] == "software-interrupt");
    CHECK(std::abs(json["exits"][0]["time_share"].get<double>() - 0.7) < 1e-9);
    CHECK(json["exits"][1]["mean_ns"] == 800);
    CHECK(json["exits"][2]["name"] == "halt");
    CHECK(json["exits"][2]["time_share"].is_null());
    CHECK(json["wall_ns"] == 50'000'000);
    CHECK(json["guest_ns"] == 16'000'000);
    CHECK(json["halted_ns"] == 30'000'000);
    CHECK(json["ring_changes"].size() == 2);
    CHECK(json["events"]["injection"] == 12);
    CHECK(json["blocks"] == 1'234'567);
}

TEST_CASE("the host's way to the monitor and back is neither the guest's time nor the monitor's", "[trace]")
{
    auto totals = measured();
    totals.host = 6'000'000;
    auto statistics = statistics_of(totals);
    CHECK(statistics.host == 6'000'000);
    CHECK(statistics.guest == 10'000'000);
    CHECK(statistics_text(statistics, Style {}).find("host            6.00 ms   12.0%") != std::string::npos);
    CHECK(statistics_json(statistics)["host_ns"] == 6'000'000);
}

TEST_CASE("exits that nobody has timed are counted, and show no times", "[trace]")
{
    auto totals = measured();
    totals[EventKind::KernelExit].count = 7;
    auto statistics = statistics_of(totals);
    auto text = statistics_text(statistics, Style {});
    CHECK(text.find("kernel-exit                  7") != std::string::npos);
    auto line = text.substr(text.find("kernel-exit"));
    CHECK(line.substr(0, line.find('\n')).ends_with("-          -          -          -"));
    auto document = statistics_json(statistics);
    for (const auto& exit : document["exits"]) {
        if (exit["name"] == "kernel-exit")
            CHECK(exit["mean_ns"].is_null());
    }
}

TEST_CASE("where the processor changes rings by itself the figures say so", "[trace]")
{
    auto totals = measured();
    totals.rings_unseen = true;
    auto statistics = statistics_of(totals);
    CHECK(statistics_text(statistics, Style {}).find("without an exit") != std::string::npos);
    CHECK(statistics_json(statistics)["ring_changes_exact"] == false);
}

TEST_CASE("a run without a single exit has statistics too", "[trace]")
{
    auto text = statistics_text(statistics_of(TraceTotals {}), Style {});
    CHECK(text.find("none seen") != std::string::npos);
    CHECK(statistics_json(statistics_of(TraceTotals {}))["wall_ns"].is_null());
}

// The display width of a line of ours: code points, colors not counted.
static std::size_t columns(std::string_view line)
{
    std::size_t count = 0;
    bool in_escape = false;
    for (char c : line) {
        in_escape = in_escape || c == '\033';
        if (!in_escape && (static_cast<unsigned char>(c) & 0xC0) != 0x80)
            ++count;
        in_escape = in_escape && c != 'm';
    }
    return count;
}

TEST_CASE("counters as a dying writer may leave them neither overflow nor widen the table", "[trace]")
{
    auto totals = measured();
    for (auto& counter : totals.counters)
        counter = { 4'000'000'000, UINT64_MAX, UINT64_MAX, UINT64_MAX };
    totals.counters[0].count = UINT64_MAX;
    totals.scale.ticks_per_second = 0;
    CHECK(statistics_of(totals).guest == 0);
    CHECK_FALSE(statistics_json(statistics_of(totals)).empty());

    totals = measured();
    for (const auto& description : event_descriptions())
        totals[description.kind] = { 999'999'999, 999'999'999'999, 999'999, 999'999'999 };
    std::istringstream lines(statistics_text(statistics_of(totals), Style { .color = true }));
    std::string line;
    while (std::getline(lines, line)) {
        CAPTURE(line);
        CHECK(columns(line) <= 80);
    }
}

TEST_CASE("color is there only when asked for", "[trace]")
{
    CHECK(statistics_text(statistics_of(measured()), Style {}).find('\033') == std::string::npos);
    CHECK(statistics_text(statistics_of(measured()), Style { .color = true }).find('\033') != std::string::npos);
}

TEST_CASE("durations, moments and counts read well", "[trace]")
{
    CHECK(format_duration(0, {}) == "0 ns");
    CHECK(format_duration(999, {}) == "999 ns");
    CHECK(format_duration(999'994, {}) == "999.99 µs");
    CHECK(format_duration(999'995, {}) == "1.00 ms");
    CHECK(format_duration(1'234, {}) == "1.23 µs");
    CHECK(format_duration(1'234, { .unicode = false }) == "1.23 us");
    CHECK(format_duration(61'000'000'000, {}) == "61.00 s");
    CHECK(format_moment(12'345'678) == "12.346 ms");
    CHECK(format_moment(-1'000) == "-0.001 ms");
    CHECK(format_moment(12'000'000'000) == "12.000 s");
    CHECK(format_count(0) == "0");
    CHECK(format_count(999) == "999");
    CHECK(format_count(1'234'567) == "1,234,567");
}
