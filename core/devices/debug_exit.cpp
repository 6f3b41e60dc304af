#include "core/devices/debug_exit.hpp"

namespace ringside {

DebugExit::DebugExit(std::function<void(uint32_t)> exit)
    : m_exit(std::move(exit))
{
}

uint32_t DebugExit::read(unsigned, uint32_t, unsigned)
{
    return 0;
}

void DebugExit::write(unsigned, uint32_t, unsigned, uint32_t value)
{
    m_state.last = value;
    m_state.written = true;
    if (m_exit)
        m_exit(value);
}

std::vector<RegisterView> DebugExit::registers() const
{
    return { { "value", m_state.last, 32, m_state.written ? "written: the machine ends" : "not written" } };
}

}
