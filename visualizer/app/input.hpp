// What people do with mouse and keyboard, as a surface tells it. Surfaces produce these, tests and the monkey make them up;
// nobody behind a surface knows where they came from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ringside::visualizer {

// Keys that mean something to the program. Letters and digits are their upper-case ASCII codes.
enum class Key : uint16_t {
    None = 0,
    Space = ' ',
    Digit0 = '0',
    Digit9 = '9',
    A = 'A',
    Z = 'Z',
    Plus = 256,
    Minus,
    Enter,
    Escape,
    Tab,
    Backspace,
    Delete,
    Insert,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    PageUp,
    PageDown,
    F1,
    F2,
    F3,
    F4,
    F5,
    F6,
    F7,
    F8,
    F9,
    F10,
    F11,
    F12,
    BracketRight,
    Count_
};
inline constexpr std::size_t key_count = static_cast<std::size_t>(Key::Count_);
constexpr Key key_of(char letter_or_digit) { return static_cast<Key>(letter_or_digit); }

struct Modifiers {
    bool control = false;
    bool shift = false;
    bool alt = false;
    bool operator==(const Modifiers&) const = default;
};

struct InputEvent {
    enum class Kind : uint8_t { Key, Character, MouseMove, MouseButton, Wheel, Focus, Close };
    Kind kind = Kind::Key;
    Key key = Key::None;
    bool down = false; // Key, MouseButton; Focus: gained
    Modifiers modifiers {};
    char32_t character = 0;
    float x = 0; // MouseMove: pixels from the left; Wheel: lines to the right
    float y = 0; // MouseMove: pixels from the top; Wheel: lines up
    uint8_t button = 0; // 0 left, 1 right, 2 middle
};

using InputEvents = std::vector<InputEvent>;

}
