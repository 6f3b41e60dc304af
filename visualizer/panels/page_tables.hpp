// The guest's page tables as a tree, and beside them what the strategy has really mapped.
#pragma once

#include "visualizer/app/context.hpp"

#include <string>
#include <vector>

namespace ringside::visualizer {

// There must be a snapshot (snapshot_of()).
void draw_page_tables(const Context& context, const Models& models);
std::vector<std::string> page_table_lines(const Models& models);

}
