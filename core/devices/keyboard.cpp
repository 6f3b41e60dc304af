// The keyboard behind the controller: its commands, its answers and its key strokes.
#include "core/devices/keyboard_controller.hpp"
#include "core/devices/scancodes.hpp"

namespace ringside {

namespace {

enum : uint8_t {
    SetLeds = 0xED,
    Echo = 0xEE,
    SetScancodeSet = 0xF0,
    Identify = 0xF2,
    SetTypematic = 0xF3,
    EnableScanning = 0xF4,
    DisableScanning = 0xF5,
    SetDefaults = 0xF6,
    Resend = 0xFE,
    ResetKeyboard = 0xFF,
};
constexpr uint8_t acknowledge = 0xFA, resend = 0xFE, test_passed = 0xAA;

constexpr uint8_t default_typematic = 0x2B;

}

void KeyboardController::reset_keyboard()
{
    m_state.queue_count = 0;
    m_state.scancode_set = 2;
    m_state.leds = 0;
    m_state.typematic = default_typematic;
    m_state.scanning = true;
}

void KeyboardController::write_keyboard(uint8_t value)
{
    const auto command = m_state.keyboard_command;
    m_state.keyboard_command = 0;
    if (command != 0 && value < SetLeds)
        return write_keyboard_parameter(command, value);
    switch (value) {
    case SetLeds:
    case SetScancodeSet:
    case SetTypematic:
        m_state.keyboard_command = value;
        answer({ acknowledge });
        return;
    case Echo:
        answer({ Echo });
        return;
    case Identify:
        answer({ acknowledge, 0xAB, 0x83 });
        return;
    case EnableScanning:
        m_state.queue_count = 0;
        m_state.scanning = true;
        answer({ acknowledge });
        return;
    case DisableScanning:
    case SetDefaults:
        reset_keyboard();
        m_state.scanning = value == SetDefaults;
        answer({ acknowledge });
        return;
    case Resend:
        answer({ m_state.last_sent });
        return;
    case ResetKeyboard:
        reset_keyboard();
        answer({ acknowledge, test_passed });
        return;
    default:
        answer({ resend });
        return;
    }
}

void KeyboardController::write_keyboard_parameter(uint8_t command, uint8_t value)
{
    if (command == SetLeds) {
        m_state.leds = value & 7;
    } else if (command == SetTypematic) {
        m_state.typematic = value & 0x7F;
    } else if (value == 0) {
        answer({ acknowledge, m_state.scancode_set });
        return;
    } else if (value == 1 || value == 2) {
        m_state.scancode_set = value;
    } else { // set 3, or nothing
        answer({ resend });
        return;
    }
    answer({ acknowledge });
}

// Answers overtake the key strokes that wait. A guest that sends commands and reads no answers loses answers.
void KeyboardController::answer(std::initializer_list<uint8_t> bytes)
{
    const auto size = m_state.queue.size();
    if (m_state.queue_count + bytes.size() > size)
        return;
    m_state.queue_head = static_cast<uint8_t>((m_state.queue_head + size - bytes.size()) % size);
    m_state.queue_count = static_cast<uint8_t>(m_state.queue_count + bytes.size());
    std::size_t position = m_state.queue_head;
    for (const auto byte : bytes)
        m_state.queue[position++ % size] = byte;
}

void KeyboardController::enqueue(uint8_t byte)
{
    m_state.queue[(m_state.queue_head + m_state.queue_count) % m_state.queue.size()] = byte;
    ++m_state.queue_count;
}

bool KeyboardController::press(uint16_t scancode)
{
    return key(scancode, true);
}

bool KeyboardController::release(uint16_t scancode)
{
    return key(scancode, false);
}

bool KeyboardController::key(uint16_t scancode, bool pressed)
{
    const auto prefix = static_cast<uint8_t>(scancode >> 8);
    const auto set1 = static_cast<uint8_t>(scancode);
    const auto set2 = set2_from_set1(set1);
    if (!m_state.scanning || set2 == 0 || (prefix != 0 && prefix != 0xE0))
        return false;
    // Prefix, 0xF0, code: three bytes must fit, or none is sent. The rest of the queue is for answers.
    constexpr std::size_t longest = 3, reserved = 4;
    if (m_state.queue_count + longest + reserved > m_state.queue.size())
        return false;
    if (prefix != 0)
        enqueue(prefix);
    if (m_state.scancode_set == 1) {
        enqueue(static_cast<uint8_t>(set1 | (pressed ? 0 : 0x80)));
    } else {
        if (!pressed)
            enqueue(0xF0);
        enqueue(set2);
    }
    pull_from_keyboard();
    return true;
}

}
