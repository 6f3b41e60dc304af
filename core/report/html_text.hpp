// Pieces of HTML.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ringside {

// Text that means itself, as content and in a quoted attribute. What is no UTF-8 or a control character (but '\n') becomes
// U+FFFD, so that the page is valid whatever a guest or the name of a file says.
std::string html_escaped(std::string_view text);

// A table whose cells are text that is escaped here; what stands in the first column heads its row. `caption` may be "".
std::string html_table(std::string_view caption, const std::vector<std::string>& heading,
    const std::vector<std::vector<std::string>>& rows);

}
