#include "tests/support/text.hpp"

#include <algorithm>

namespace ringside::test {

std::size_t lines_of(std::string_view text)
{
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

std::size_t widest_line(std::string_view text)
{
    std::size_t widest = 0, width = 0;
    for (char c : text) {
        bool continues_character = (static_cast<unsigned char>(c) & 0xC0) == 0x80; // of UTF-8
        width = c == '\n' ? 0 : width + !continues_character;
        widest = std::max(widest, width);
    }
    return widest;
}

}
