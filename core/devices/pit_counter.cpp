#include "core/devices/pit_counter.hpp"

#include <algorithm>

namespace ringside {

// Control word: 5..4 access | 3..1 mode (6 and 7 are 2 and 3) | 0 BCD. OUT goes to its initial level and the counter
// waits for a count.
void PitCounter::write_control(uint8_t control)
{
    const bool gate = m_gate;
    *this = PitCounter {};
    m_gate = gate;
    m_access = static_cast<Access>(control >> 4 & 3);
    m_mode = control >> 1 & 7;
    if (m_mode > 5)
        m_mode = static_cast<uint8_t>(m_mode - 4);
    m_bcd = control & 1;
}

void PitCounter::write(uint8_t value, uint64_t now)
{
    switch (m_access) {
    case Access::Low:
        return load(value, now);
    case Access::High:
        return load(static_cast<uint16_t>(value << 8), now);
    case Access::Both:
        break;
    }
    m_have_low_byte = !m_have_low_byte;
    if (!m_have_low_byte)
        return load(static_cast<uint16_t>(value << 8 | m_low_byte), now);
    m_low_byte = value;
    // In mode 0 the first byte stops the count and lowers OUT.
    if (m_mode == 0)
        m_running = false;
}

// A whole count was written. When it takes effect depends on the mode (8254, "Mode definitions").
void PitCounter::load(uint16_t written, uint64_t now)
{
    const auto boundary = end_of_part(now);
    m_next_reload = decode(written);
    m_next_from = boundary;
    if (m_mode == 0 || m_mode == 4 || (is_periodic() && !m_running))
        start(now);
}

// The tick at which the period that runs (mode 3: the half of it) is over. Never, if only the gate can start the next.
uint64_t PitCounter::end_of_part(uint64_t now)
{
    const auto edge = is_periodic() ? next_edge(now) : std::nullopt;
    if (!edge)
        return UINT64_MAX;
    return m_mode == 2 && !edge->level ? edge->tick + 1 : edge->tick;
}

// The counting element takes the count with the next tick.
void PitCounter::start(uint64_t now)
{
    if (m_next_reload != 0)
        m_reload = m_next_reload;
    m_next_reload = 0;
    m_start = now + 1;
    m_stopped_after = 0;
    m_running = true;
}

// Lets a count that was written during a period take over, once that period is over.
void PitCounter::take_pending(uint64_t now)
{
    if (m_next_reload == 0 || now < m_next_from)
        return;
    const bool in_the_middle = m_mode == 3 && (m_next_from - m_start) % m_reload == half_period();
    m_reload = m_next_reload;
    m_next_reload = 0;
    m_start = in_the_middle ? m_next_from - half_period() : m_next_from;
}

void PitCounter::set_gate(bool level, uint64_t now)
{
    if (level == m_gate)
        return;
    take_pending(now);
    const auto counted = elapsed(now);
    m_gate = level;
    const bool has_count = m_running || m_next_reload != 0;
    if (!level)
        m_stopped_after = counted;
    else if (m_mode == 0 || m_mode == 4)
        m_start = now - m_stopped_after; // the count goes on
    else if (has_count)
        start(now); // a trigger
}

uint64_t PitCounter::elapsed(uint64_t now) const
{
    if (counting_stopped())
        return m_stopped_after;
    const auto since = static_cast<int64_t>(now - m_start); // a held count can have begun "before" tick 0
    return since < 0 ? 0 : static_cast<uint64_t>(since);
}

bool PitCounter::output(uint64_t now)
{
    take_pending(now);
    if (!m_running || (is_periodic() && !m_gate))
        return m_mode != 0;
    const bool loaded = static_cast<int64_t>(now - m_start) >= 0;
    const auto counted = elapsed(now);
    switch (m_mode) {
    case 0:
        return counted >= m_reload;
    case 1:
        return !loaded || counted >= m_reload;
    case 2:
        return counted % m_reload != m_reload - 1;
    case 3:
        return counted % m_reload < half_period();
    default:
        return counted != m_reload;
    }
}

std::optional<PitEdge> PitCounter::next_edge(uint64_t now)
{
    take_pending(now);
    if (!m_running || counting_stopped())
        return std::nullopt;
    const bool loaded = static_cast<int64_t>(now - m_start) >= 0;
    const auto counted = elapsed(now);
    const auto period_start = m_start + counted - counted % m_reload;
    switch (m_mode) {
    case 0:
        return counted < m_reload ? std::optional(PitEdge { m_start + m_reload, true }) : std::nullopt;
    case 1:
        if (!loaded)
            return PitEdge { m_start, false };
        return counted < m_reload ? std::optional(PitEdge { m_start + m_reload, true }) : std::nullopt;
    case 2:
        if (counted % m_reload < m_reload - 1)
            return PitEdge { period_start + m_reload - 1, false };
        return PitEdge { period_start + m_reload, true };
    case 3:
        if (counted % m_reload < half_period())
            return PitEdge { period_start + half_period(), false };
        return PitEdge { period_start + m_reload, true };
    default:
        if (counted < m_reload)
            return PitEdge { m_start + m_reload, false };
        return counted == m_reload ? std::optional(PitEdge { m_start + m_reload + 1, true }) : std::nullopt;
    }
}

// What is left in the counting element, 0..65536.
uint32_t PitCounter::remaining(uint64_t now) const
{
    const auto counted = elapsed(now);
    if (m_mode == 2)
        return m_reload - static_cast<uint32_t>(counted % m_reload);
    if (m_mode == 3) {
        // Counts down by two in each half; an odd count loses its last bit.
        const auto phase = counted % m_reload;
        const auto in_half = phase < half_period() ? phase : phase - half_period();
        return (m_reload & ~1u) - 2 * static_cast<uint32_t>(in_half);
    }
    // The others go on below zero, round and round.
    const auto round = modulus();
    return (m_reload + round - static_cast<uint32_t>(counted % round)) % round;
}

uint16_t PitCounter::count(uint64_t now)
{
    take_pending(now);
    return encode(remaining(now));
}

// A written 0 stands for the largest count. Modes 2 and 3 cannot count 1 (8254, "Minimum and maximum initial counts").
uint32_t PitCounter::decode(uint16_t written) const
{
    uint32_t count = written;
    if (m_bcd) {
        count = 0;
        for (const unsigned shift : { 12u, 8u, 4u, 0u })
            count = count * 10 + std::min(unsigned { written } >> shift & 0xF, 9u);
    }
    if (count == 0)
        return modulus();
    return is_periodic() ? std::max(count, 2u) : count;
}

uint16_t PitCounter::encode(uint32_t count) const
{
    if (!m_bcd)
        return static_cast<uint16_t>(count);
    unsigned digits = 0;
    for (unsigned shift = 0; shift < 16; shift += 4, count /= 10)
        digits |= count % 10 << shift;
    return static_cast<uint16_t>(digits);
}

void PitCounter::latch_count(uint64_t now)
{
    if (!m_count_latch)
        m_count_latch = count(now);
}

// Status: 7 OUT | 6 null count | 5..4 access | 3..1 mode | 0 BCD
void PitCounter::latch_status(uint64_t now)
{
    if (m_status_latch)
        return;
    const unsigned out = output(now);
    const unsigned null_count = !m_running || m_next_reload != 0 || static_cast<int64_t>(now - m_start) < 0;
    const unsigned control = static_cast<unsigned>(m_access) << 4 | unsigned { m_mode } << 1 | unsigned { m_bcd };
    m_status_latch = static_cast<uint8_t>(out << 7 | null_count << 6 | control);
}

uint8_t PitCounter::read(uint64_t now)
{
    if (m_status_latch) {
        const auto status = *m_status_latch;
        m_status_latch.reset();
        return status;
    }
    const uint16_t value = m_count_latch ? *m_count_latch : count(now);
    const bool high = m_access == Access::High || (m_access == Access::Both && m_high_byte_next);
    if (m_access == Access::Both)
        m_high_byte_next = !m_high_byte_next;
    if (!m_high_byte_next)
        m_count_latch.reset();
    return static_cast<uint8_t>(high ? value >> 8 : value);
}

}
