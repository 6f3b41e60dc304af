// A comparison as one HTML page: styles and charts are in it, it asks for nothing over a network, and it says everything
// without a script. Light or dark as its reader prefers, and fit for paper.
#pragma once

#include "core/session/comparison.hpp"

#include <string>

namespace ringside {

std::string comparison_html(const Comparison& comparison);

}
