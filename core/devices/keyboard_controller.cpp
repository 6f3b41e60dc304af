#include "core/devices/keyboard_controller.hpp"

#include "core/devices/scancodes.hpp"

namespace ringside {

namespace {

// Status register.
constexpr uint8_t output_full = 1 << 0, system_flag = 1 << 2, last_was_command = 1 << 3, auxiliary_data = 1 << 5,
                  time_out = 1 << 6;
// Configuration byte.
constexpr uint8_t keyboard_interrupt = 1 << 0, auxiliary_interrupt = 1 << 1, keyboard_disabled = 1 << 4,
                  auxiliary_disabled = 1 << 5, translate = 1 << 6;

// Controller commands.
enum : uint8_t {
    ReadConfiguration = 0x20,
    WriteConfiguration = 0x60,
    DisableAuxiliary = 0xA7,
    EnableAuxiliary = 0xA8,
    TestAuxiliary = 0xA9,
    SelfTest = 0xAA,
    TestKeyboard = 0xAB,
    DisableKeyboard = 0xAD,
    EnableKeyboard = 0xAE,
    ReadInputPort = 0xC0,
    ReadOutputPort = 0xD0,
    WriteOutputPort = 0xD1,
    WriteKeyboardOutput = 0xD2,
    WriteAuxiliaryOutput = 0xD3,
    WriteToAuxiliary = 0xD4,
    ReadTestInputs = 0xE0,
    PulseOutput = 0xF0,
};
constexpr uint8_t self_test_passed = 0x55;
constexpr uint8_t interface_passed = 0x00;
constexpr uint8_t no_interface = 0xFF;
constexpr uint8_t no_answer = 0xFE;
constexpr uint8_t reset_line = 1 << 0; // of the output port, active low

}

KeyboardController::KeyboardController(
    InterruptLine keyboard, InterruptLine auxiliary, std::function<void()> reset_requested)
    : m_keyboard_line(keyboard)
    , m_auxiliary_line(auxiliary)
    , m_reset_requested(std::move(reset_requested))
{
    m_state.status |= system_flag;
}

uint32_t KeyboardController::read(unsigned region, uint32_t, unsigned)
{
    return region == 0 ? read_data() : m_state.status;
}

void KeyboardController::write(unsigned region, uint32_t, unsigned, uint32_t value)
{
    const auto byte = static_cast<uint8_t>(value);
    if (region == 0) {
        m_state.status = static_cast<uint8_t>(m_state.status & ~last_was_command);
        write_data(byte);
    } else {
        m_state.status |= last_was_command;
        write_command(byte);
    }
    pull_from_keyboard();
}

// The output buffer keeps its byte, so a second read without new data gives it again.
uint8_t KeyboardController::read_data()
{
    const auto value = m_state.output;
    m_state.status = static_cast<uint8_t>(m_state.status & ~(output_full | auxiliary_data | time_out));
    update_lines();
    pull_from_keyboard();
    return value;
}

void KeyboardController::put_output(uint8_t value, Source source)
{
    m_state.output = value;
    m_state.status = static_cast<uint8_t>(m_state.status & ~auxiliary_data);
    m_state.status |= output_full;
    if (source == Source::Auxiliary)
        m_state.status |= auxiliary_data;
    // A byte that replaces an unread one is a new edge.
    m_keyboard_line.set(false);
    m_auxiliary_line.set(false);
    update_lines();
}

void KeyboardController::update_lines()
{
    const bool full = m_state.status & output_full;
    const bool auxiliary = m_state.status & auxiliary_data;
    m_keyboard_line.set(full && !auxiliary && m_state.configuration & keyboard_interrupt);
    m_auxiliary_line.set(full && auxiliary && m_state.configuration & auxiliary_interrupt);
}

// Takes the keyboard's next byte into the output buffer, if both are ready, and translates it.
void KeyboardController::pull_from_keyboard()
{
    while (!(m_state.status & output_full) && !(m_state.configuration & keyboard_disabled) && m_state.queue_count > 0) {
        auto byte = m_state.queue[m_state.queue_head];
        m_state.queue_head = static_cast<uint8_t>((m_state.queue_head + 1u) % m_state.queue.size());
        --m_state.queue_count;
        m_state.last_sent = byte;
        if (m_state.configuration & translate) {
            if (byte == 0xF0) {
                m_state.break_prefix = true;
                continue;
            }
            byte = static_cast<uint8_t>(set1_from_set2(byte) | (m_state.break_prefix ? 0x80 : 0));
            m_state.break_prefix = false;
        }
        put_output(byte, Source::Keyboard);
    }
}

void KeyboardController::write_command(uint8_t command)
{
    m_state.command = 0;
    if (command >= PulseOutput) {
        // Bits 0..3 that are clear are pulsed low; only the reset line is wired.
        if (!(command & reset_line) && m_reset_requested)
            m_reset_requested();
        return;
    }
    if (command > ReadConfiguration && command < ReadConfiguration + 0x20)
        return put_output(m_state.memory[(command - ReadConfiguration) % m_state.memory.size()], Source::Controller);
    if (command >= WriteConfiguration && command < WriteConfiguration + 0x20) {
        m_state.command = command;
        return;
    }
    switch (command) {
    case ReadConfiguration:
        return put_output(m_state.configuration, Source::Controller);
    case EnableAuxiliary:
    case DisableAuxiliary: // it is not there, and stays disabled
        return;
    case TestAuxiliary:
        return put_output(no_interface, Source::Controller);
    case SelfTest:
        m_state.status |= system_flag;
        return put_output(self_test_passed, Source::Controller);
    case TestKeyboard:
        return put_output(interface_passed, Source::Controller);
    case DisableKeyboard:
        m_state.configuration |= keyboard_disabled;
        return;
    case EnableKeyboard:
        m_state.configuration = static_cast<uint8_t>(m_state.configuration & ~keyboard_disabled);
        return;
    case ReadInputPort:
        return put_output(0x80, Source::Controller); // keyboard not locked
    case ReadOutputPort:
        return put_output(m_state.output_port, Source::Controller);
    case ReadTestInputs:
        return put_output(0x00, Source::Controller);
    case WriteOutputPort:
    case WriteKeyboardOutput:
    case WriteAuxiliaryOutput:
    case WriteToAuxiliary:
        m_state.command = command;
        return;
    default: // unknown, and the A20 commands 0xDD and 0xDF
        return;
    }
}

void KeyboardController::write_data(uint8_t value)
{
    const auto command = m_state.command;
    m_state.command = 0;
    if (command != 0)
        return write_command_data(command, value);
    // Writing to the keyboard opens its line again.
    m_state.configuration = static_cast<uint8_t>(m_state.configuration & ~keyboard_disabled);
    write_keyboard(value);
}

void KeyboardController::write_command_data(uint8_t command, uint8_t value)
{
    switch (command) {
    case WriteConfiguration:
        m_state.configuration = (value & 0x7F) | auxiliary_disabled;
        m_state.status = static_cast<uint8_t>((m_state.status & ~system_flag) | (value & system_flag));
        return update_lines();
    case WriteOutputPort:
        return write_output_port(value);
    case WriteKeyboardOutput:
        return put_output(value, Source::Keyboard);
    case WriteAuxiliaryOutput:
        return put_output(value, Source::Auxiliary);
    case WriteToAuxiliary:
        put_output(no_answer, Source::Auxiliary);
        m_state.status |= time_out;
        return;
    default:
        m_state.memory[(command - WriteConfiguration) % m_state.memory.size()] = value;
        return;
    }
}

void KeyboardController::write_output_port(uint8_t value)
{
    m_state.output_port = value;
    if (!(value & reset_line) && m_reset_requested)
        m_reset_requested();
}

std::vector<RegisterView> KeyboardController::registers() const
{
    return {
        { "status", m_state.status, 8, m_state.status & output_full ? "output full" : "output empty" },
        { "configuration", m_state.configuration, 8,
            m_state.configuration & translate ? "translation on" : "translation off" },
        { "output", m_state.output, 8, {} },
        { "output port", m_state.output_port, 8, {} },
        { "queued", m_state.queue_count, 8, "bytes that the keyboard has still to send" },
        { "scan code set", m_state.scancode_set, 8, m_state.scanning ? "scanning" : "not scanning" },
        { "LEDs", m_state.leds, 8, {} },
        { "typematic", m_state.typematic, 8, {} },
    };
}

}
