// The 8042 keyboard controller and the keyboard behind it (IBM PS/2 Technical Reference).
//
//   region 0: 0x60 data        region 1: 0x64 status (read), command (write)
//
// There is no auxiliary device (mouse): its port stays disabled, and what is sent to it is answered as by a controller
// that waited for the device in vain. The A20 line is always open; its bits are kept and have no effect.
#pragma once

#include "core/devices/device.hpp"

#include <array>
#include <functional>
#include <initializer_list>

namespace ringside {

struct KeyboardControllerState {
    // The controller.
    uint8_t status = 0x18;        // not locked, last write was a command
    uint8_t configuration = 0x65; // translation, auxiliary port disabled, self-test passed, IRQ 1 enabled
    uint8_t output = 0;           // the output buffer, valid while status bit 0 is set
    uint8_t output_port = 0xDF;
    uint8_t command = 0;               // the controller command that waits for its data byte; 0 = none
    bool break_prefix = false;         // the translator saw 0xF0
    std::array<uint8_t, 16> memory {}; // the rest of the controller's RAM
    // The keyboard.
    std::array<uint8_t, 32> queue {}; // a ring of what the keyboard wants to send
    uint8_t queue_head = 0;
    uint8_t queue_count = 0;
    uint8_t keyboard_command = 0; // waits for its parameter; 0 = none
    uint8_t scancode_set = 2;
    uint8_t leds = 0;
    uint8_t typematic = 0x2B;
    uint8_t last_sent = 0;
    bool scanning = true;
};

class KeyboardController final : public Device {
public:
    KeyboardController(InterruptLine keyboard, InterruptLine auxiliary, std::function<void()> reset_requested);

    std::string_view name() const override { return "keyboard"; }
    uint32_t read(unsigned region, uint32_t offset, unsigned size) override;
    void write(unsigned region, uint32_t offset, unsigned size, uint32_t value) override;
    std::vector<RegisterView> registers() const override;

    // The host presses or releases the key with this set 1 make code; 0xE0xx for the extended keys. False if the
    // keyboard had no room for it (or was told not to scan): the key stroke is lost, as on the real thing.
    bool press(uint16_t scancode);
    bool release(uint16_t scancode);

    const KeyboardControllerState& state() const { return m_state; }

private:
    enum class Source : uint8_t { Controller, Keyboard, Auxiliary };

    uint8_t read_data();
    void write_command(uint8_t command);
    void write_data(uint8_t value);
    void write_command_data(uint8_t command, uint8_t value);
    void write_output_port(uint8_t value);
    void write_keyboard(uint8_t value);
    void write_keyboard_parameter(uint8_t command, uint8_t value);
    void reset_keyboard();

    bool key(uint16_t scancode, bool pressed);
    void answer(std::initializer_list<uint8_t> bytes);
    void enqueue(uint8_t byte);
    void put_output(uint8_t value, Source);
    void pull_from_keyboard();
    void update_lines();

    KeyboardControllerState m_state;
    InterruptLine m_keyboard_line;
    InterruptLine m_auxiliary_line;
    std::function<void()> m_reset_requested;
};

}
