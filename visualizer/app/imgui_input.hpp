// Hands input to Dear ImGui, whose interface for it changed with version 1.87.
#pragma once

#include "visualizer/app/input.hpp"

#include <span>

namespace ringside::visualizer {

// Once, for a context that was just created.
void prepare_imgui_input();
// Before a frame. Takes events from the front up to where one frame can tell them apart: a button that is pressed and
// released in the same frame would not be seen. Returns how many were taken.
std::size_t feed_imgui(std::span<const InputEvent> events);

}
