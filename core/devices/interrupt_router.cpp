#include "core/devices/interrupt_router.hpp"

#include "core/verify.hpp"

namespace ringside {

void InterruptRouter::set_line(unsigned irq, bool level)
{
    VERIFY(irq < 16 && irq != 2);
    const auto bit = static_cast<uint16_t>(1u << irq);
    if (((m_lines & bit) != 0) == level)
        return;
    m_lines = static_cast<uint16_t>(m_lines ^ bit);
    if (m_changed)
        m_changed(irq, level);
    m_pic.set_line(irq, level);
    m_io_apic.set_line(pin_of(irq), level);
}

}
