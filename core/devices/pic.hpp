// The two 8259A interrupt controllers of a PC, the second cascaded into line 2 of the first (Intel 8259A data sheet,
// 231468), with the edge/level registers of later chipsets (82371SB §2.5.9).
//
//   region 0: 0x20 master command, 0x21 master data      region 1: 0xA0, 0xA1 the same for the slave
//   region 2: 0x4D0, 0x4D1 one bit per line, 1 = level
//
// A request is latched by a rising edge, masked or not, and dropped again when its line falls before the acknowledge;
// an acknowledge that finds no request any more yields line 7 without marking it in service (the spurious interrupt).
// In level mode the line itself is the request.
// The LTIM bit of ICW1 has no effect: the edge/level registers took its place.
#pragma once

#include "core/devices/device.hpp"

#include <array>

namespace ringside {

struct Pic8259State {
    uint8_t lines = 0;      // the levels of the inputs
    uint8_t request = 0;    // IRR
    uint8_t in_service = 0; // ISR
    uint8_t mask = 0xFF;    // IMR
    uint8_t level = 0;      // edge/level register
    uint8_t vector_base = 0;
    uint8_t lowest_priority = 7; // the line with the lowest priority; 7 unless rotated
    uint8_t cascade = 0;         // ICW3
    uint8_t next_word = 0;       // the initialization word expected next: 2, 3 or 4; 0 = initialized
    bool needs_word_4 = false;
    bool single = false;
    bool auto_eoi = false;
    bool rotate_on_auto_eoi = false;
    bool special_fully_nested = false;
    bool special_mask = false;
    bool read_in_service = false; // a command port read gives ISR, else IRR
    bool poll = false;            // the next read is an acknowledge
};

struct PicState {
    std::array<Pic8259State, 2> chips {}; // master, slave
};

class Pic final : public Device, public InterruptInput {
public:
    explicit Pic(InterruptLine output);

    std::string_view name() const override { return "pic"; }
    uint32_t read(unsigned region, uint32_t offset, unsigned size) override;
    void write(unsigned region, uint32_t offset, unsigned size, uint32_t value) override;
    std::vector<RegisterView> registers() const override;

    void set_line(unsigned irq, bool level) override; // 0..15; 2 is the cascade and ignored
    bool output() const { return m_output_level; }
    // The INTA cycles: the vector of the interrupt with the highest priority, now in service.
    uint8_t acknowledge();

    const PicState& state() const { return m_state; }

private:
    uint8_t read_port(Pic8259State&, uint32_t offset);
    void write_command(Pic8259State&, uint8_t value);
    void write_data(Pic8259State&, uint8_t value);
    void update();

    PicState m_state;
    InterruptLine m_output;
    bool m_output_level = false;
};

}
