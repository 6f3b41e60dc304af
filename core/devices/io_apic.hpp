// The I/O APIC at 0xFEC00000: 24 pins, each with a redirection entry (82093AA data sheet, 290566; the EOI register of
// version 0x20 from the ICH data sheets).
//
//   redirection entry, low word:
//     16 mask | 15 level | 14 remote IRR | 13 polarity | 12 status | 11 logical | 10..8 delivery mode | 7..0 vector
//   high word: 31..24 destination
//
// A pin's level is "asserted or not": the polarity bit is kept and has no effect. An edge on a masked pin is lost
// (82093AA §3.2.4); a level waits.
#pragma once

#include "core/devices/apic_message.hpp"
#include "core/devices/device.hpp"

#include <array>

namespace ringside {

struct IoApicState {
    static constexpr unsigned pins = 24;

    uint8_t id = 0;
    uint8_t index = 0;
    uint32_t lines = 0; // one bit per pin
    std::array<uint64_t, pins> entries {};
};

class IoApic final : public Device, public InterruptInput {
public:
    static constexpr uint8_t reset_id = 1; // beside local APIC 0; what the MP table says

    explicit IoApic(ApicReceiver&);

    std::string_view name() const override { return "io-apic"; }
    uint32_t read(unsigned region, uint32_t offset, unsigned size) override;
    void write(unsigned region, uint32_t offset, unsigned size, uint32_t value) override;
    std::vector<RegisterView> registers() const override;

    void set_line(unsigned pin, bool level) override;
    // A level-triggered interrupt with this vector ended at the local APIC.
    void end_of_interrupt(uint8_t vector);

    const IoApicState& state() const { return m_state; }

private:
    uint32_t read_window() const;
    void write_window(uint32_t value);
    void write_entry(unsigned pin, bool high_word, uint32_t value);
    void service_level(unsigned pin);
    bool send(unsigned pin);

    IoApicState m_state;
    ApicReceiver& m_receiver;
};

}
