#include "core/devices/reset_control.hpp"

namespace ringside {

namespace {
constexpr uint8_t reset_cpu = 1 << 2;
}

ResetControl::ResetControl(std::function<void()> reset_requested)
    : m_reset_requested(std::move(reset_requested))
{
}

uint32_t ResetControl::read(unsigned, uint32_t, unsigned)
{
    return m_state.value;
}

void ResetControl::write(unsigned, uint32_t, unsigned, uint32_t value)
{
    const bool rising = value & ~uint32_t { m_state.value } & reset_cpu;
    m_state.value = static_cast<uint8_t>(value & 0x06);
    if (rising && m_reset_requested)
        m_reset_requested();
}

std::vector<RegisterView> ResetControl::registers() const
{
    return { { "reset control", m_state.value, 8, m_state.value & reset_cpu ? "reset" : "" } };
}

}
