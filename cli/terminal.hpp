// The terminal, if there is one: its colors, its characters, its way of reading keys.
#pragma once

#include "core/trace/style.hpp"

#include <optional>
#include <termios.h>

namespace ringside {

enum class ColorChoice { Auto, Always, Never };

// For text on this descriptor. Auto means: a terminal that is not "dumb", and no NO_COLOR (no-color.org).
Style style_for(int descriptor, ColorChoice choice);

// While it lives, a terminal on standard input hands over every key as it is typed, without echo: the guest does that.
// Ctrl-C and Ctrl-Z remain signals. The terminal gets its settings back when this ends, and when the program dies of a
// signal that can be caught. Does nothing when standard input is no terminal, or when the program is in the background.
class KeyboardMode {
public:
    KeyboardMode();
    ~KeyboardMode();
    KeyboardMode(const KeyboardMode&) = delete;
    KeyboardMode& operator=(const KeyboardMode&) = delete;

    // Around a stop by Ctrl-Z.
    void suspend();
    void resume();
};

// False for a terminal of which this program is in the background: reading from it would stop the program.
bool may_read_standard_input();

}
