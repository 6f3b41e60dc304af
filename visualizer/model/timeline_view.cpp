#include "visualizer/model/timeline_view.hpp"

#include <algorithm>
#include <cmath>

namespace ringside::visualizer {

namespace {

// A scale of 0 (a damaged file) counts as nanoseconds.
double ticks_per_nanosecond(const TickScale& scale)
{
    return scale.ticks_per_second == 0 ? 1.0 : static_cast<double>(scale.ticks_per_second) / 1e9;
}

}

TimelineView zoomed(const TimelineView& view, double factor, double x)
{
    double length = std::max(view.length() * factor, narrowest_view);
    double fixed = view.time_at(x), part = x / view.width;
    return { fixed - part * length, fixed + (1 - part) * length, view.width };
}

TimelineView panned(const TimelineView& view, double pixels)
{
    double by = pixels * view.per_pixel();
    return { view.begin - by, view.end - by, view.width };
}

TimelineView fitted(const TimelineView& view, const TimeSpan& extent)
{
    double length = std::max(extent.length(), narrowest_view), room = length / 50;
    return { extent.begin - room, extent.begin + length + room, view.width };
}

TimelineView clamped(const TimelineView& view, const TimeSpan& extent)
{
    double widest = std::max(extent.length() * 1.5, widest_view);
    double length = std::clamp(view.length(), narrowest_view, widest);
    double middle = std::clamp((view.begin + view.end) / 2, extent.begin, std::max(extent.begin, extent.end));
    if (!std::isfinite(middle) || !std::isfinite(length))
        return fitted(view, extent);
    return { middle - length / 2, middle + length / 2, std::max(view.width, 1) };
}

TimeSpan span_between(const TimelineView& view, double x, double other_x)
{
    return { view.time_at(std::min(x, other_x)), view.time_at(std::max(x, other_x)) };
}

double nanoseconds_at(const TickScale& scale, uint64_t tick)
{
    double ticks = tick >= scale.origin ? static_cast<double>(tick - scale.origin)
                                        : -static_cast<double>(scale.origin - tick);
    return ticks / ticks_per_nanosecond(scale);
}

uint64_t tick_at(const TickScale& scale, double nanoseconds)
{
    constexpr double most = 9.2e18; // fits 63 bits
    double ticks = std::floor(std::clamp(nanoseconds * ticks_per_nanosecond(scale), -most, most));
    if (ticks < 0) {
        auto before = static_cast<uint64_t>(-ticks);
        return before > scale.origin ? 0 : scale.origin - before;
    }
    auto after = static_cast<uint64_t>(ticks);
    return after > UINT64_MAX - scale.origin ? UINT64_MAX : scale.origin + after;
}

}
