#include "tests/catch.hpp"
#include "visualizer/model/covered_time.hpp"
#include "visualizer/model/maximum_pyramid.hpp"

#include <algorithm>
#include <random>

using namespace ringside::visualizer;

TEST_CASE("covered time is that of the union of the intervals", "[visualizer][store]")
{
    constexpr uint64_t length = 60'000;
    std::vector<bool> covered(length, false);
    std::vector<std::pair<uint64_t, uint64_t>> intervals; // end, begin
    std::mt19937 random(4);
    for (int i = 0; i < 1000; ++i) {
        uint64_t begin = random() % (length - 300), end = begin + random() % (i % 50 == 0 ? 300 : 30);
        intervals.emplace_back(end, begin);
        for (auto tick = begin; tick < end; ++tick)
            covered[tick] = true;
    }
    std::ranges::sort(intervals);
    std::swap(intervals[500], intervals[503]); // a little late
    CoveredTime time;
    for (auto [end, begin] : intervals)
        time.add(begin, end);
    uint64_t sum = 0;
    for (uint64_t tick = 0; tick < length; ++tick) {
        REQUIRE(time.covered_until(tick) == sum);
        REQUIRE(time.interval_at(tick).has_value() == covered[tick]);
        sum += covered[tick];
    }
    CHECK(time.covered_until(UINT64_MAX) == sum);
}

TEST_CASE("intervals that touch stay apart, and empty ones cover nothing", "[visualizer][store]")
{
    CoveredTime time;
    CHECK(time.covered_until(100) == 0);
    time.add(10, 20);
    time.add(20, 30);
    time.add(40, 40);
    CHECK(time.interval_at(20) == CoveredTime::Interval { 20, 30 });
    CHECK_FALSE(time.interval_at(40));
    CHECK(time.covered_until(25) == 15);
}

TEST_CASE("an interval much later than others is left out and disturbs nothing", "[visualizer][store]")
{
    CoveredTime time;
    for (uint64_t i = 0; i < 1000; ++i)
        time.add(1000 + 10 * i, 1005 + 10 * i);
    time.add(0, 7);
    CHECK(time.covered_until(UINT64_MAX) == 5000);
    CHECK(time.covered_until(1003) == 3);
}

TEST_CASE("the largest of any stretch is found", "[visualizer][store]")
{
    std::mt19937 random(8);
    MaximumPyramid pyramid;
    std::vector<uint32_t> values;
    for (int i = 0; i < 5000; ++i) {
        values.push_back(static_cast<uint32_t>(random() % 1'000'000));
        pyramid.push_back(values.back());
    }
    for (int i = 0; i < 2000; ++i) {
        auto a = random() % 5001, b = random() % 5001;
        auto [first, last] = std::minmax(a, b);
        auto begin = values.begin() + static_cast<std::ptrdiff_t>(first), end = values.begin() + static_cast<std::ptrdiff_t>(last);
        REQUIRE(pyramid.largest(first, last) == (first == last ? 0 : *std::max_element(begin, end)));
    }
}
