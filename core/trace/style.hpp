// How text for a terminal looks. Whoever prints decides: color only on a terminal and without NO_COLOR, Unicode only in
// a UTF-8 locale. What a color says is always said in words or by place too.
#pragma once

#include <string>
#include <string_view>

namespace ringside {

enum class Color { Plain, Ring0, Ring1, Ring2, Ring3, Dim, Bold };

struct Style {
    bool color = false;
    bool unicode = true;
    unsigned width = 80;

    // `text` in that color, or as it is.
    std::string paint(Color which, std::string_view text) const;
    std::string_view microsecond() const { return unicode ? "µs" : "us"; }
    std::string_view arrow() const { return unicode ? "→" : "->"; }
};

Color ring_color(unsigned ring);

}
