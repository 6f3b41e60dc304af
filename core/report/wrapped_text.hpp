// Paragraphs for a terminal.
#pragma once

#include "core/trace/style.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace ringside {

// In characters, not bytes.
std::size_t width_of(std::string_view utf8);

// The text as a terminal of this style can show it: without Unicode, arrows are "->" and what else is not ASCII is '?'.
std::string fitting(std::string_view text, const Style& style);

// `text` in lines of at most `width` characters, each ended by '\n'; those after the first begin with `indent` spaces.
// A word that is longer than a line is cut.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent = 0);

// The same beside a label: "label:   text", with all lines of the text from column `indent` on.
std::string labeled(std::string_view label, std::string_view text, std::size_t width, std::size_t indent);

// Filled with spaces to `width` characters.
std::string padded_left(std::string_view text, std::size_t width);
std::string padded_right(std::string_view text, std::size_t width);

}
