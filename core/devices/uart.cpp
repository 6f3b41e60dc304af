#include "core/devices/uart.hpp"

#include <algorithm>

namespace ringside {

namespace {

enum Register : uint32_t {
    Data,
    InterruptEnable,
    FifoControl,
    LineControl,
    ModemControl,
    LineStatus,
    ModemStatus,
    Scratch
};

// Interrupt enable.
constexpr uint8_t enable_received = 1 << 0, enable_transmitter = 1 << 1, enable_line = 1 << 2, enable_modem = 1 << 3;
// Interrupt identification, by falling priority (PC16550D table V).
constexpr uint8_t line_interrupt = 0x06, received_interrupt = 0x04, timeout_interrupt = 0x0C,
                  transmitter_interrupt = 0x02, modem_interrupt = 0x00, no_interrupt = 0x01;
constexpr uint8_t fifos_present = 0xC0;
// FIFO control.
constexpr uint8_t fifo_enable = 1 << 0, trigger_bits = 0xC0;
// Line control and modem control.
constexpr uint8_t divisor_latch = 1 << 7;
constexpr uint8_t loop = 1 << 4;
// Line status.
constexpr uint8_t data_ready = 1 << 0, overrun = 1 << 1, transmitter_empty = 1 << 5 | 1 << 6;

}

Uart::Uart(InterruptLine line, const Clock& clock, TimerQueue& timers, Output output)
    : m_line(line)
    , m_clock(clock)
    , m_timers(timers)
    , m_settled(timers.add([this] { fill_fifo(); }))
    , m_output(std::move(output))
{
}

bool Uart::loopback() const
{
    return m_state.modem_control & loop;
}

bool Uart::fifos_enabled() const
{
    return m_state.fifo_control & fifo_enable;
}

unsigned Uart::fifo_capacity() const
{
    return fifos_enabled() ? 16 : 1;
}

unsigned Uart::trigger_level() const
{
    constexpr unsigned levels[] = { 1, 4, 8, 14 };
    return fifos_enabled() ? levels[m_state.fifo_control >> 6] : 1;
}

uint8_t Uart::line_status() const
{
    return static_cast<uint8_t>(transmitter_empty | m_state.line_errors | (m_state.fifo_count > 0 ? data_ready : 0));
}

// The input lines as bits 4..7 of the modem status: a connected and willing modem, or our own outputs in loopback
// (CTS = RTS, DSR = DTR, RI = OUT1, DCD = OUT2).
uint8_t Uart::modem_lines() const
{
    if (!loopback())
        return 0xB0;
    const unsigned control = m_state.modem_control;
    return static_cast<uint8_t>((control & 2) << 3 | (control & 1) << 5 | (control & 4) << 4 | (control & 8) << 4);
}

uint8_t Uart::modem_status() const
{
    return static_cast<uint8_t>(modem_lines() | m_state.modem_deltas);
}

uint8_t Uart::interrupt_identification() const
{
    const auto enabled = m_state.interrupt_enable;
    if (enabled & enable_line && m_state.line_errors)
        return line_interrupt;
    if (enabled & enable_received && m_state.fifo_count > 0)
        return m_state.fifo_count >= trigger_level() ? received_interrupt : timeout_interrupt;
    if (enabled & enable_transmitter && m_state.transmitter_interrupt)
        return transmitter_interrupt;
    if (enabled & enable_modem && m_state.modem_deltas)
        return modem_interrupt;
    return no_interrupt;
}

void Uart::update_line()
{
    // On a PC the OUT2 output opens the way to the interrupt controller. Small kernels forget it, and emulators let
    // them: the line is always connected.
    m_line.set(interrupt_identification() != no_interrupt);
}

uint32_t Uart::read(unsigned, uint32_t offset, unsigned)
{
    switch (offset) {
    case LineStatus:
        return read_line_status();
    case Scratch:
        return m_state.scratch;
    case Data:
        return m_state.line_control & divisor_latch ? m_state.divisor & 0xFF : read_receiver();
    case InterruptEnable:
        return m_state.line_control & divisor_latch ? m_state.divisor >> 8 : m_state.interrupt_enable;
    case FifoControl:
        return read_interrupt_identification();
    case LineControl:
        return m_state.line_control;
    case ModemControl:
        return m_state.modem_control;
    default:
        return read_modem_status();
    }
}

void Uart::write(unsigned, uint32_t offset, unsigned, uint32_t value)
{
    const auto byte = static_cast<uint8_t>(value);
    const bool to_divisor = m_state.line_control & divisor_latch;
    switch (offset) {
    case Scratch:
        m_state.scratch = byte;
        return;
    case Data:
        if (!to_divisor)
            return transmit(byte);
        m_state.divisor = static_cast<uint16_t>((m_state.divisor & 0xFF00) | byte);
        return;
    case InterruptEnable:
        if (!to_divisor)
            return write_interrupt_enable(byte);
        m_state.divisor = static_cast<uint16_t>((m_state.divisor & 0x00FF) | byte << 8);
        return;
    case FifoControl:
        return write_fifo_control(byte);
    case LineControl:
        m_state.line_control = byte;
        return settle();
    case ModemControl:
        return write_modem_control(byte);
    default:
        return; // the status registers are written only in the factory (PC16550D §8.5)
    }
}

uint8_t Uart::read_receiver()
{
    if (m_state.fifo_count == 0)
        return 0;
    const auto byte = m_state.fifo[m_state.fifo_head];
    m_state.fifo_head = static_cast<uint8_t>((m_state.fifo_head + 1) % 16);
    --m_state.fifo_count;
    // The line falls for a moment even if more is there. A handler that takes one byte per interrupt would otherwise
    // never see another edge; one that takes all ends with the line low, and so without an interrupt too many.
    m_line.set(false);
    fill_fifo();
    return byte;
}

uint8_t Uart::read_interrupt_identification()
{
    const auto identification = interrupt_identification();
    if (identification == transmitter_interrupt) {
        m_state.transmitter_interrupt = false;
        update_line();
    }
    return static_cast<uint8_t>(identification | (fifos_enabled() ? fifos_present : 0));
}

uint8_t Uart::read_line_status()
{
    const auto status = line_status();
    if (m_state.line_errors) {
        m_state.line_errors = 0;
        update_line();
    }
    return status;
}

uint8_t Uart::read_modem_status()
{
    const auto status = modem_status();
    m_state.modem_deltas = 0;
    update_line();
    return status;
}

void Uart::transmit(uint8_t byte)
{
    // Writing ends the "transmitter empty" interrupt, being empty again raises it: two changes, so a new edge.
    m_state.transmitter_interrupt = false;
    update_line();
    if (loopback()) {
        push(byte);
    } else if (m_output) {
        const char character = static_cast<char>(byte);
        m_output({ &character, 1 });
    }
    m_state.transmitter_interrupt = true;
    update_line();
}

void Uart::write_interrupt_enable(uint8_t value)
{
    const auto risen = static_cast<uint8_t>(value & ~m_state.interrupt_enable);
    m_state.interrupt_enable = value & 0x0F;
    // Enabling the transmitter interrupt while the transmitter is empty raises it at once.
    if (risen & enable_transmitter)
        m_state.transmitter_interrupt = true;
    if (risen & enable_received)
        settle();
    update_line();
}

// Drivers write this register first of all when they set the port up, and often drain the receiver afterwards: xv6 with
// the FIFOs off before and after, where nothing is reset. What came before the guest was ready comes again.
void Uart::write_fifo_control(uint8_t value)
{
    give_back_fifo();
    m_state.fifo_control = static_cast<uint8_t>(value & fifo_enable ? value & (fifo_enable | trigger_bits) : 0);
    settle();
    update_line();
}

void Uart::write_modem_control(uint8_t value)
{
    const auto before = modem_lines();
    // Entering loopback cuts the line from the host, leaving it drops what was still going round.
    if ((value ^ m_state.modem_control) & loop)
        give_back_fifo();
    m_state.modem_control = value & 0x1F;
    const unsigned changed = before ^ modem_lines();
    const unsigned ring_ended = before & ~unsigned { modem_lines() } & 0x40;
    m_state.modem_deltas |= static_cast<uint8_t>(((changed & 0xB0) | ring_ended) >> 4);
    settle();
    update_line();
}

void Uart::push(uint8_t byte)
{
    if (m_state.fifo_count >= fifo_capacity()) {
        m_state.line_errors |= overrun;
        return;
    }
    m_state.fifo[(m_state.fifo_head + m_state.fifo_count) % 16] = byte;
    ++m_state.fifo_count;
}

// Empties the receiver. What came from the host goes back there, to be sent again.
void Uart::give_back_fifo()
{
    while (m_state.fifo_count > 0) {
        --m_state.fifo_count;
        if (!loopback())
            m_input.push_front(m_state.fifo[(m_state.fifo_head + m_state.fifo_count) % 16]);
    }
    m_state.fifo_head = 0;
}

// The guest configures the port: the sender waits.
void Uart::settle()
{
    m_timers.arm(m_settled, m_clock.now() + settling_time);
}

void Uart::fill_fifo()
{
    if (!loopback() && !m_timers.is_armed(m_settled)) {
        while (!m_input.empty() && m_state.fifo_count < fifo_capacity()) {
            push(m_input.front());
            m_input.pop_front();
        }
    }
    update_line();
}

std::size_t Uart::receive(std::span<const char> bytes)
{
    const auto taken = std::min(bytes.size(), input_space());
    for (const char character : bytes.first(taken))
        m_input.push_back(static_cast<uint8_t>(character));
    fill_fifo();
    return taken;
}

std::vector<RegisterView> Uart::registers() const
{
    return {
        { "IER", m_state.interrupt_enable, 8, "interrupts enabled" },
        { "IIR", interrupt_identification(), 8, interrupt_identification() == no_interrupt ? "none" : "pending" },
        { "FCR", m_state.fifo_control, 8, fifos_enabled() ? "FIFOs on" : "FIFOs off" },
        { "LCR", m_state.line_control, 8, m_state.line_control & divisor_latch ? "divisor latch open" : "" },
        { "MCR", m_state.modem_control, 8, loopback() ? "loopback" : "" },
        { "LSR", line_status(), 8, m_state.fifo_count > 0 ? "data ready" : "no data" },
        { "MSR", modem_status(), 8, {} },
        { "SCR", m_state.scratch, 8, {} },
        { "divisor", m_state.divisor, 16, {} },
        { "received", m_state.fifo_count, 8, "bytes in the receiver FIFO" },
        { "queued", m_input.size(), 32, "bytes that the host has still to send" },
    };
}

}
