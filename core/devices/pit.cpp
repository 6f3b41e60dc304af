#include "core/devices/pit.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringside {

namespace {

enum : uint32_t { ControlWord = 3 };
constexpr unsigned read_back_command = 3;
constexpr uint64_t refresh_ticks = 18; // counter 1 asks for a memory refresh every 15 microseconds

}

Pit::Pit(InterruptLine line, const Clock& clock, TimerQueue& timers)
    : m_line(line)
    , m_clock(clock)
    , m_timers(timers)
    , m_edge(timers.add([this] { on_edge(); }))
{
    // As a BIOS leaves it: counter 0 at 18.2 Hz, counter 1 refreshing memory, counter 2 idle with its gate shut.
    const auto now = tick();
    m_state.counters[0].write_control(0x36);
    m_state.counters[0].write(0, now);
    m_state.counters[0].write(0, now);
    m_state.counters[1].write_control(0x14);
    m_state.counters[1].write(refresh_ticks, now);
    m_state.counters[2].write_control(0x36);
    m_state.counters[2].set_gate(false, now);
    reprogram_line();
}

uint64_t Pit::tick() const
{
    return pit_frequency.ticks_at(m_clock.now());
}

uint32_t Pit::read(unsigned region, uint32_t offset, unsigned)
{
    if (region == 1)
        return read_port_b();
    // The control word cannot be read.
    return offset == ControlWord ? 0xFF : m_state.counters[offset].read(tick());
}

void Pit::write(unsigned region, uint32_t offset, unsigned, uint32_t value)
{
    const auto byte = static_cast<uint8_t>(value);
    if (region == 1) {
        m_state.port_b = byte & 0x0F;
        m_state.counters[2].set_gate(byte & 1, tick());
    } else if (offset == ControlWord) {
        write_control(byte);
    } else {
        if (offset == 0)
            catch_up();
        m_state.counters[offset].write(byte, tick());
        if (offset == 0)
            reprogram_line();
    }
}

// Control word: 7..6 counter (3: read-back) | 5..4 access (0: latch the count) | 3..0 mode and BCD
void Pit::write_control(uint8_t value)
{
    const unsigned number = value >> 6;
    if (number == read_back_command)
        return read_back(value);
    auto& counter = m_state.counters[number];
    if ((value & 0x30) == 0)
        return counter.latch_count(tick());
    if (number == 0)
        catch_up();
    counter.write_control(value);
    if (number == 0)
        reprogram_line();
}

// Read-back: 5 not the count | 4 not the status | 3..1 counters 2..0
void Pit::read_back(uint8_t value)
{
    const auto now = tick();
    for (unsigned number = 0; number < 3; ++number) {
        if (!(value >> (number + 1) & 1))
            continue;
        if (!(value & 0x20))
            m_state.counters[number].latch_count(now);
        if (!(value & 0x10))
            m_state.counters[number].latch_status(now);
    }
}

uint8_t Pit::read_port_b()
{
    const auto now = tick();
    const unsigned refresh = now / refresh_ticks & 1;
    const unsigned out_2 = m_state.counters[2].output(now);
    return static_cast<uint8_t>(m_state.port_b | refresh << 4 | out_2 << 5);
}

void Pit::reprogram_line()
{
    const auto now = tick();
    m_line.set(m_state.counters[0].output(now));
    arm_next_edge(now);
}

// An edge that is due came before what the guest does to the counter now.
void Pit::catch_up()
{
    if (m_timers.deadline(m_edge) <= m_clock.now())
        on_edge();
}

void Pit::on_edge()
{
    const auto now = tick();
    auto& counter = m_state.counters[0];
    const auto& edge = m_state.armed;
    // OUT rose since the last time if this is the rising edge, or a later one has passed already.
    const bool rose
        = edge.level || counter.output(now) || (counter.is_periodic() && now - edge.tick >= counter.period());
    m_line.set(false);
    if (rose)
        m_line.set(true);
    arm_next_edge(now);
}

void Pit::arm_next_edge(uint64_t now)
{
    auto edge = m_state.counters[0].next_edge(now);
    if (!edge)
        return m_timers.cancel(m_edge);
    const bool square_wave = m_state.counters[0].mode() == 3;
    if (!edge->level && !square_wave)
        edge = PitEdge { edge->tick + 1, true };
    m_state.armed = *edge;
    const auto earliest = m_state.counters[0].is_periodic() ? m_clock.now() + shortest_rearm : 0;
    m_timers.arm(m_edge, std::max(pit_frequency.time_of(edge->tick), earliest));
}

std::vector<RegisterView> Pit::registers() const
{
    const auto now = tick();
    std::vector<RegisterView> rows;
    for (unsigned number = 0; number < 3; ++number) {
        auto counter = m_state.counters[number]; // a copy: looking must not change anything
        rows.push_back({ fmt::format("counter {}", number), counter.count(now), 16,
            fmt::format(
                "mode {}, period {} ticks, OUT {}", counter.mode(), counter.period(), counter.output(now) ? 1 : 0) });
    }
    rows.push_back({ "port 0x61", m_state.port_b, 8, m_state.port_b & 2 ? "speaker on" : "speaker off" });
    return rows;
}

}
