// Which pages a strategy has mapped otherwise than the guest's tables say, and why.
#pragma once

#include "visualizer/model/page_table_view.hpp"

#include <span>

namespace ringside::visualizer {

// Fills in view.differences. `guest`: ascending by page, not overlapping.
void compare_mappings(
    std::span<const GuestRun> guest, const GuestSnapshot& snapshot, const GuestMemory& memory, PageTableView& view);

}
