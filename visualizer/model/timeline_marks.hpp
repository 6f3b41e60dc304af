// The events of a view that are shown one by one.
#pragma once

#include "visualizer/model/timeline_model.hpp"

namespace ringside::visualizer {

// Fills in the lane's marks. `ticks` is what its view shows.
void mark_events(const EventStore& store, TickRange ticks, TimelineLane& lane);

}
