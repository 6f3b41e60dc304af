// One counter of the 8254, as a pure function of time. All times are ticks of the 1.193182 MHz input since the machine
// started; the caller passes the present, which never goes back.
//
//   mode 0  one interrupt at the terminal count     OUT low while counting, then high
//   mode 1  one-shot, started by the gate           OUT low for the count
//   mode 2  rate generator                          OUT low in the last tick of each period
//   mode 3  square wave                             OUT high for the first (longer) half of each period
//   mode 4  strobe, started by writing the count    OUT low for one tick at the terminal count
//   mode 5  strobe, started by the gate             the same
#pragma once

#include "core/devices/frequency.hpp"

#include <cstdint>
#include <optional>

namespace ringside {

inline constexpr Frequency pit_frequency { 1'193'182 };

struct PitEdge {
    uint64_t tick = 0;
    bool level = false; // of OUT from this tick on
};

class PitCounter {
public:
    void write_control(uint8_t control); // bits 0..5 of the control word: RW, mode, BCD
    void write(uint8_t value, uint64_t now);
    uint8_t read(uint64_t now);
    void latch_count(uint64_t now);
    void latch_status(uint64_t now);
    void set_gate(bool level, uint64_t now);

    bool output(uint64_t now);
    std::optional<PitEdge> next_edge(uint64_t now); // the first change of OUT after `now`
    uint16_t count(uint64_t now);                   // the counting element as a guest would read it
    uint32_t period() const { return m_reload; }    // the count in effect, 1..65536
    unsigned mode() const { return m_mode; }
    bool gate() const { return m_gate; }
    bool is_periodic() const { return m_mode == 2 || m_mode == 3; }

private:
    enum class Access : uint8_t { Low = 1, High = 2, Both = 3 };

    bool counting_stopped() const { return !m_gate && (m_mode == 0 || m_mode == 4 || is_periodic()); }
    uint64_t elapsed(uint64_t now) const;
    uint32_t modulus() const { return m_bcd ? 10'000 : 65'536; }
    uint32_t decode(uint16_t written) const;
    uint16_t encode(uint32_t count) const;
    uint32_t remaining(uint64_t now) const;
    uint64_t half_period() const { return (m_reload + 1) / 2; }
    void load(uint16_t written, uint64_t now);
    uint64_t end_of_part(uint64_t now);
    void start(uint64_t now);
    void take_pending(uint64_t now);

    uint8_t m_mode = 3;
    Access m_access = Access::Both;
    bool m_bcd = false;
    bool m_gate = true;
    bool m_running = false;        // the counting element was loaded and started
    bool m_high_byte_next = false; // of a two-byte read
    bool m_have_low_byte = false;  // of a two-byte write
    uint8_t m_low_byte = 0;
    uint32_t m_reload = 65'536; // in effect
    uint32_t m_next_reload = 0; // written, takes effect at m_next_from; 0 = none
    uint64_t m_next_from = 0;
    uint64_t m_start = 0;         // the tick at which the counting element held m_reload
    uint64_t m_stopped_after = 0; // ticks counted when the gate stopped the counter
    std::optional<uint16_t> m_count_latch;
    std::optional<uint8_t> m_status_latch;
};

}
