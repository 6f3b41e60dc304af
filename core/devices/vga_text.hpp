// The VGA as far as text mode needs it: 80 x 25 characters in the RAM at 0xB8000, which the guest writes without an
// exit, and the registers with the cursor and the start address (IBM VGA XGA Technical Reference 1992).
//
//   region 0: 0x3C0..0x3CF attribute, sequencer, palette, graphics      region 1: 0x3D4, 0x3D5 CRT controller
//   region 2: 0x3DA status (read), feature control (write)
//
// Registers are kept and read back; graphics modes are not shown.
#pragma once

#include "core/devices/device.hpp"
#include "core/machine/clock.hpp"
#include "core/machine/guest_memory.hpp"

#include <array>

namespace ringside {

struct VgaTextState {
    uint8_t crtc_index = 0;
    std::array<uint8_t, 25> crtc {};
    uint8_t sequencer_index = 0;
    std::array<uint8_t, 5> sequencer {};
    uint8_t graphics_index = 0;
    std::array<uint8_t, 9> graphics {};
    uint8_t attribute_index = 0x20;
    bool attribute_data_next = false; // the flip-flop behind port 0x3C0
    std::array<uint8_t, 21> attribute {};
    uint8_t miscellaneous = 0;
    uint8_t feature_control = 0;
    uint8_t palette_mask = 0xFF;
    uint16_t palette_read = 0; // component index, 0..767
    uint16_t palette_write = 0;
    bool palette_reading = false;
    std::array<uint8_t, 768> palette {};
    uint8_t retrace = 0; // bits 0 and 3 of the status register, which change with every read
};

struct VgaTextSnapshot {
    static constexpr unsigned columns = 80;
    static constexpr unsigned rows = 25;

    struct Cell {
        uint8_t character = 0; // code page 437
        uint8_t attribute = 0; // bits 0..3 foreground, 4..6 background, 7 blink
    };
    std::array<Cell, std::size_t { columns } * rows> cells {};
    bool cursor_visible = false; // on and inside the screen
    unsigned cursor_column = 0;
    unsigned cursor_row = 0;

    const Cell& at(unsigned column, unsigned row) const { return cells[row * columns + column]; }
};

class VgaText final : public Device {
public:
    explicit VgaText(GuestMemory&);

    std::string_view name() const override { return "vga"; }
    uint32_t read(unsigned region, uint32_t offset, unsigned size) override;
    void write(unsigned region, uint32_t offset, unsigned size, uint32_t value) override;
    std::vector<RegisterView> registers() const override;

    // What a screen would show now, read from the guest's memory.
    VgaTextSnapshot snapshot() const;
    // A blank screen of gray on black, as the BIOS leaves it.
    void clear_screen();

    const VgaTextState& state() const { return m_state; }

private:
    uint8_t read_legacy(uint32_t offset);
    void write_legacy(uint32_t offset, uint8_t value);
    void write_attribute(uint8_t value);
    uint8_t read_palette();
    void write_palette(uint8_t value);
    void write_crtc(uint8_t value);
    uint8_t read_status();

    VgaTextState m_state;
    GuestMemory& m_memory;
};

}
