// The part of time that a timeline shows, and how it moves: plain functions of the view. Times are nanoseconds since the
// origin of the run; `x` counts pixels from the left edge.
#pragma once

#include "core/trace/ticks.hpp"

#include <cstdint>

namespace ringside::visualizer {

struct TimelineView {
    double begin = 0;
    double end = 1e9;
    int width = 1; // pixels; at least 1

    double length() const { return end - begin; }
    double per_pixel() const { return length() / width; }
    double time_at(double x) const { return begin + x * per_pixel(); }
    double x_of(double time) const { return (time - begin) / per_pixel(); }
    bool operator==(const TimelineView&) const = default;
};

struct TimeSpan {
    double begin = 0;
    double end = 0;
    double length() const { return end - begin; }
    bool operator==(const TimeSpan&) const = default;
};

inline constexpr double narrowest_view = 1;    // nanoseconds
inline constexpr double widest_view = 1e9;     // of a run that is shorter

// The same view with `factor` times as much time in it; what is at x stays there.
TimelineView zoomed(const TimelineView& view, double factor, double x);
// What was at x is at x + pixels.
TimelineView panned(const TimelineView& view, double pixels);
// All of the extent, with a little room on both sides.
TimelineView fitted(const TimelineView& view, const TimeSpan& extent);
// The view with a length that is possible, and its middle within the extent.
TimelineView clamped(const TimelineView& view, const TimeSpan& extent);
// What lies between two places, in either order.
TimeSpan span_between(const TimelineView& view, double x, double other_x);

// A tick as nanoseconds since the origin, and back: the tick that the moment lies in. Both saturate.
double nanoseconds_at(const TickScale& scale, uint64_t tick);
uint64_t tick_at(const TickScale& scale, double nanoseconds);

}
