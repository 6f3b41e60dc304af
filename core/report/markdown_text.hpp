// Markdown in the dialect of GitHub, with tables.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ringside {

// Text that means itself: what Markdown or HTML would take for more is escaped, line ends and controls become spaces.
std::string markdown_escaped(std::string_view text);

// A table; cells are text that is escaped here. The first column is aligned to the left, the others to the right.
std::string markdown_table(const std::vector<std::string>& heading, const std::vector<std::vector<std::string>>& rows);

}
