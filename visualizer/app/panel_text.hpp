// The panels as text, without a window: for screen readers, graders and terminals.
#pragma once

#include "visualizer/app/laboratory.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace ringside::visualizer {

// What these panels (of all_panels(), by name) say of each VM after so much time; of all VMs at once where a panel is about
// all of them.
std::string panel_text(Laboratory& laboratory, const std::vector<std::string>& panels, std::chrono::duration<double> after);

}
