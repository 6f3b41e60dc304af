// The local APIC's timer (SDM 3A §10.5.4). Nothing counts: the current count is the time since the start, divided.
#include "core/devices/local_apic.hpp"
#include "core/devices/local_apic_bits.hpp"

#include <algorithm>

namespace ringside {

using namespace local_apic;

// Bits 3, 1 and 0 of the divide configuration: 2, 4, ... 128, and 1 for 0b111. One unit is a nanosecond.
uint32_t LocalApic::timer_divisor() const
{
    const uint32_t code = (m_state.divide & 3) | (m_state.divide >> 1 & 4);
    return code == 7 ? 1 : 2u << code;
}

bool LocalApic::timer_periodic() const
{
    return m_state.lvt[LocalApicState::Timer] & periodic;
}

uint32_t LocalApic::current_count() const
{
    if (m_state.initial_count == 0)
        return 0;
    const uint64_t counted = (m_clock.now() - m_state.timer_start) / timer_divisor();
    if (timer_periodic())
        return static_cast<uint32_t>(m_state.initial_count - counted % m_state.initial_count);
    return counted < m_state.initial_count ? static_cast<uint32_t>(m_state.initial_count - counted) : 0;
}

void LocalApic::write_divide(uint32_t value)
{
    // The count goes on from where it is, at the new pace. (Times are modulo 2^64.)
    catch_up_timer();
    const uint64_t counted = m_state.initial_count - current_count();
    m_state.divide = value & 0x0B;
    m_state.timer_start = m_clock.now() - counted * timer_divisor();
    arm_timer();
}

void LocalApic::write_initial_count(uint32_t value)
{
    catch_up_timer();
    m_state.initial_count = value;
    m_state.timer_start = m_clock.now();
    arm_timer();
}

// Arms the timer for the next time that the count reaches zero, if that would interrupt.
void LocalApic::arm_timer()
{
    if (m_state.initial_count == 0 || m_state.lvt[LocalApicState::Timer] & masked)
        return m_timers.cancel(m_timer);
    const auto now = m_clock.now();
    const uint64_t length = uint64_t { m_state.initial_count } * timer_divisor();
    const uint64_t lengths_passed = (now - m_state.timer_start) / length;
    if (lengths_passed > 0 && !timer_periodic())
        return m_timers.cancel(m_timer);
    const auto deadline = m_state.timer_start + (lengths_passed + 1) * length;
    m_timers.arm(m_timer, timer_periodic() ? std::max(deadline, now + shortest_rearm) : deadline);
}

// An interrupt that is due came before what the guest does to the timer now.
void LocalApic::catch_up_timer()
{
    if (m_timers.deadline(m_timer) <= m_clock.now())
        on_timer();
}

void LocalApic::on_timer()
{
    deliver_local(LocalApicState::Timer);
    arm_timer();
}

}
