#include "cli/compare_time_stamp.hpp"

#include <algorithm>
#include <array>

namespace ringside {

namespace {

// In the order of time_stamp_ways().
constexpr std::array<TimeStampReading, time_stamp_way_count> readings { TimeStampReading::Native, TimeStampReading::Inline,
    TimeStampReading::Callout, TimeStampReading::Trap };

}

void measure_time_stamp_ways(Comparison& comparison, const std::vector<Contender>& contenders, const ComparisonControl& control)
{
    auto rewriting = std::ranges::find(contenders, "rewriting", [](const Contender& one) { return one.configuration.strategy; });
    if (!comparison.nano || rewriting == contenders.end())
        return;
    auto ways = time_stamp_ways();
    for (std::size_t i = 0; i < ways.size() && !comparison.interrupted; ++i) {
        Contender contender = *rewriting;
        contender.configuration.strategy_options.time_stamp = readings[i];
        auto measured = compare({ contender }, comparison.runs, control);
        ways[i].ticks = time_stamp_ticks(measured);
        comparison.interrupted = measured.interrupted;
    }
    comparison.nano->ways.assign(ways.begin(), ways.end());
}

}
