// The 16550A UART that a PC calls COM1: eight registers, two FIFOs of 16 bytes, one interrupt line (PC16550D §8).
//
//   offset   read                     write                 with DLAB = 1
//     0      receiver buffer          transmitter holding   divisor, low byte
//     1      interrupt enable         the same              divisor, high byte
//     2      interrupt identification FIFO control
//     3      line control (bit 7: DLAB)
//     4      modem control (bit 4: loopback)
//     5      line status
//     6      modem status
//     7      scratch
//
// Transmission takes no time: a byte that is written is out, so the transmitter is always empty. Likewise the
// character time-out of the receiver FIFO is over as soon as the sender has nothing left to say.
// The sender of the other direction is patient: it never overruns the receiver, it holds its tongue while the port is
// being configured and in loopback, and bytes that the guest drops from the FIFO in that time are sent again. So input
// that is piped to a booting kernel arrives whole.
#pragma once

#include "core/devices/device.hpp"
#include "core/machine/clock.hpp"
#include "core/machine/timer_queue.hpp"

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <span>

namespace ringside {

struct UartState {
    uint16_t divisor = 12; // 9600 baud
    uint8_t interrupt_enable = 0;
    uint8_t fifo_control = 0; // enable and trigger level as last written, the reset bits always 0
    uint8_t line_control = 0x03;
    uint8_t modem_control = 0;
    uint8_t line_errors = 0; // bits of the line status that reading it clears
    uint8_t modem_deltas = 0;
    uint8_t scratch = 0;
    bool transmitter_interrupt = false; // "transmitter empty" has happened and was not looked at
    std::array<uint8_t, 16> fifo {};    // a ring; without FIFOs only one slot is in use
    uint8_t fifo_head = 0;
    uint8_t fifo_count = 0;
};

class Uart final : public Device {
public:
    using Output = std::function<void(std::string_view)>;

    static constexpr std::size_t input_capacity = 65'536;
    static constexpr Nanoseconds settling_time = 1'000'000; // the sender waits this long after a configuration write

    Uart(InterruptLine, const Clock&, TimerQueue&, Output);

    std::string_view name() const override { return "uart"; }
    uint32_t read(unsigned region, uint32_t offset, unsigned size) override;
    void write(unsigned region, uint32_t offset, unsigned size, uint32_t value) override;
    std::vector<RegisterView> registers() const override;

    // Queues input for the guest and returns how much of it there was room for; the caller offers the rest again later.
    std::size_t receive(std::span<const char> bytes);
    std::size_t input_space() const { return m_input.size() < input_capacity ? input_capacity - m_input.size() : 0; }

    const UartState& state() const { return m_state; }

private:
    bool loopback() const;
    bool fifos_enabled() const;
    unsigned fifo_capacity() const;
    unsigned trigger_level() const;
    uint8_t line_status() const;
    uint8_t modem_lines() const;
    uint8_t modem_status() const;
    uint8_t interrupt_identification() const;

    uint8_t read_receiver();
    uint8_t read_interrupt_identification();
    uint8_t read_line_status();
    uint8_t read_modem_status();
    void transmit(uint8_t byte);
    void write_interrupt_enable(uint8_t value);
    void write_fifo_control(uint8_t value);
    void write_modem_control(uint8_t value);

    void push(uint8_t byte);
    void give_back_fifo();
    void settle();
    void fill_fifo();
    void update_line();

    UartState m_state;
    InterruptLine m_line;
    const Clock& m_clock;
    TimerQueue& m_timers;
    TimerId m_settled;
    Output m_output;
    std::deque<uint8_t> m_input; // the host's side of the cable: what the sender has not sent yet
};

}
