#include "core/devices/debug_console.hpp"

namespace ringside {

DebugConsole::DebugConsole(std::function<void(char)> output)
    : m_output(std::move(output))
{
}

uint32_t DebugConsole::read(unsigned, uint32_t, unsigned)
{
    return 0xE9;
}

void DebugConsole::write(unsigned, uint32_t, unsigned, uint32_t value)
{
    m_state.last = static_cast<uint8_t>(value);
    ++m_state.written;
    if (m_output)
        m_output(static_cast<char>(m_state.last));
}

std::vector<RegisterView> DebugConsole::registers() const
{
    return {
        { "last", m_state.last, 8, "last character written" },
        { "written", m_state.written, 64, "characters written" },
    };
}

}
