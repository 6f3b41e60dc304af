#include "core/devices/system_control_port.hpp"

namespace ringside {

namespace {
constexpr uint8_t fast_reset = 1 << 0;
}

SystemControlPort::SystemControlPort(std::function<void()> reset_requested)
    : m_reset_requested(std::move(reset_requested))
{
}

uint32_t SystemControlPort::read(unsigned, uint32_t, unsigned)
{
    return m_state.value;
}

void SystemControlPort::write(unsigned, uint32_t, unsigned, uint32_t value)
{
    const bool rising = value & ~uint32_t { m_state.value } & fast_reset;
    m_state.value = static_cast<uint8_t>(value);
    if (rising && m_reset_requested)
        m_reset_requested();
}

std::vector<RegisterView> SystemControlPort::registers() const
{
    return { { "system control A", m_state.value, 8, m_state.value & 2 ? "A20 open" : "A20 asked shut (stays open)" } };
}

}
