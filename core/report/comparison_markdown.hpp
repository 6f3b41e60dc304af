// A comparison as Markdown, for a lab report or an issue.
#pragma once

#include "core/session/comparison.hpp"

#include <string>

namespace ringside {

std::string comparison_markdown(const Comparison& comparison);

}
