// The rings of a CPU as rings: on the left what the guest believes, on the right what the hardware really gives it.
#pragma once

#include "visualizer/app/context.hpp"
#include "visualizer/app/run.hpp"

namespace ringside::visualizer {

// Into the rectangle, which is a square at best. Says in words, too, what it shows.
void draw_ring_diagram(const Context& context, const Run& run, ImVec2 least, ImVec2 most);

// "the guest believes: ring 0 (kernel); really: ring 3", or that the monitor works.
std::string believed_text(const RingPosition& position);
std::string real_text(const RingPosition& position);

}
