#include "core/trace/style.hpp"

#include <array>

namespace ringside {

namespace {

// Orange and blue, told apart by everybody; rings 1 and 2 lie between them.
constexpr std::array<std::string_view, 7> sequences { "", "\033[38;5;208m", "\033[38;5;178m", "\033[38;5;71m",
    "\033[38;5;39m", "\033[2m", "\033[1m" };

}

std::string Style::paint(Color which, std::string_view text) const
{
    if (!color || which == Color::Plain || text.empty())
        return std::string(text);
    return std::string(sequences[static_cast<std::size_t>(which)]).append(text).append("\033[0m");
}

Color ring_color(unsigned ring)
{
    constexpr std::array<Color, 4> colors { Color::Ring0, Color::Ring1, Color::Ring2, Color::Ring3 };
    return colors[ring & 3];
}

}
