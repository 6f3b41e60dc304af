// "Did you mean ...?"
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ringside {

// The candidate with the fewest single-character edits from `word`, or "" when none is near.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

}
