// How a report looks.
#pragma once

#include <string_view>

namespace ringside {

// The style sheet of a page: light, dark, narrow, and on paper.
std::string_view page_style();

}
