// The exits of two runs, column by column, and in words which of them make the difference.
#pragma once

#include "visualizer/app/context.hpp"
#include "visualizer/app/run.hpp"

#include <string>

namespace ringside::visualizer {

// Null: the chosen run's exits stand alone.
const Run* run_beside(const Models& models);
void choose_beside(const Context& context, const Models& models);
void draw_exits_beside(const Context& context, const Run& left, const Run& right);
std::string exits_beside_as_text(const Run& left, const Run& right);

}
