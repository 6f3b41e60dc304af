// What the emulator looks for when the guest is between two blocks (stops.hpp says when that is).
#include "strategies/emulation/emulator.hpp"

namespace ringside {

bool Emulator::anything_to_look_for() const
{
    return m_kicked.load() || m_look_at_ring || m_code_pages.any_written() || m_engine.interrupt_pending();
}

// The usual case while an interrupt waits for the guest to let it in: nothing else has come up. It is kept free of the
// atomic operations below, which would cost more than a port access.
bool Emulator::still_waiting()
{
    return m_waiting && !m_stops->timer_has_passed() && !m_kicked.load(std::memory_order_relaxed) && m_new_watches.empty()
        && !m_look_at_ring && !m_flush_tlb && !m_code_pages.any_written() && m_engine.interrupt_pending() && !interrupt_window_open();
}

Go Emulator::look()
{
    if (still_waiting())
        return wait();
    m_waiting = false;
    if (!m_new_watches.empty())
        return stop_between_blocks(Stop::Translate);
    if (m_flush_tlb || m_code_pages.any_written())
        return stop_between_blocks(Stop::Changed);
    if (m_look_at_ring) {
        m_engine.synchronize_virtual_time();
        settle_ring(virtual_ring(), m_stops->next_block());
    }
    bool timer_is_due = m_stops->timer_is_due();
    if (timer_is_due || m_kicked.load()) {
        m_kicked.store(false);
        return leave(Exit::Reason::Kicked);
    }
    if (!m_engine.interrupt_pending())
        return Go::On;
    if (interrupt_window_open())
        return leave(Exit::Reason::InterruptWindow);
    m_waiting = true;
    return wait();
}

// With IF set it is the shadow of STI or MOV SS that shuts the window.
Go Emulator::wait()
{
    bool is_shadow = m_engine.maskable_pending() && (read_register(UC_X86_REG_EFLAGS) & eflags::if_);
    return is_shadow ? Go::WaitShadow : Go::Wait;
}

Go Emulator::stop_between_blocks(Stop why)
{
    m_stop = why;
    return Go::Stop;
}

Go Emulator::leave(Exit::Reason reason)
{
    m_exit = { reason };
    return stop_between_blocks(Stop::Return);
}

// The instruction that may have changed the ring is done, and the guest is now in `ring`.
void Emulator::settle_ring(unsigned ring, uint32_t eip)
{
    m_look_at_ring = false;
    if (ring != m_ring)
        m_engine.recorder().ring_change(m_ring, ring, m_look_cause, eip, RealRing::Interpreted);
    m_ring = ring;
}

void Emulator::returned()
{
    unsigned ring = virtual_ring();
    if (ring == m_ring)
        return;
    m_look_cause = RingChangeCause::Iret;
    settle_ring(ring, m_stops->next_block());
}

bool Emulator::interrupt_window_open()
{
    if (m_engine.nmi_pending() && !m_state.blocking().nmi)
        return true;
    return m_engine.maskable_pending() && (read_register(UC_X86_REG_EFLAGS) & eflags::if_)
        && !m_state.blocking().interrupt_shadow;
}

}
