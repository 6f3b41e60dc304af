// The 8254 programmable interval timer with the bits of port 0x61 that belong to it (Intel 8254 data sheet, 231164).
//
//   region 0: 0x40..0x42 counters 0..2, 0x43 control word
//   region 1: 0x61 system control port B: bit 0 gate of counter 2, 1 speaker, 4 refresh, 5 output of counter 2
//
// Nothing ticks: a counter is a load time and a formula, evaluated when somebody looks. A timer is armed for the
// edges of counter 0's output, which drives IRQ 0; a low pulse of one tick (modes 2, 4, 5) appears on the line as
// falling and rising at its end. Edges stay on their ideal schedule; when the host is late, the edges it slept through
// count as one.
#pragma once

#include "core/devices/device.hpp"
#include "core/devices/pit_counter.hpp"
#include "core/machine/clock.hpp"
#include "core/machine/timer_queue.hpp"

#include <array>

namespace ringside {

struct PitState {
    std::array<PitCounter, 3> counters {};
    uint8_t port_b = 0; // bits 0..3 of port 0x61 as written
    PitEdge armed {};   // the edge of counter 0 that the timer waits for
};

class Pit final : public Device {
public:
    Pit(InterruptLine, const Clock&, TimerQueue&);

    std::string_view name() const override { return "pit"; }
    uint32_t read(unsigned region, uint32_t offset, unsigned size) override;
    void write(unsigned region, uint32_t offset, unsigned size, uint32_t value) override;
    std::vector<RegisterView> registers() const override;

    const PitState& state() const { return m_state; }

private:
    uint64_t tick() const;
    void write_control(uint8_t value);
    void read_back(uint8_t value);
    uint8_t read_port_b();
    void reprogram_line();
    void catch_up();
    void on_edge();
    void arm_next_edge(uint64_t now);

    PitState m_state;
    InterruptLine m_line;
    const Clock& m_clock;
    TimerQueue& m_timers;
    TimerId m_edge;
};

}
