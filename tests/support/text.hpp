// What tests of text measure.
#pragma once

#include <cstddef>
#include <string_view>

namespace ringside::test {

std::size_t lines_of(std::string_view text);
// In characters, not bytes.
std::size_t widest_line(std::string_view text);

}
