#include "core/devices/marker.hpp"

namespace ringside {

Marker::Marker(std::function<void(uint32_t)> mark)
    : m_mark(std::move(mark))
{
}

uint32_t Marker::read(unsigned, uint32_t, unsigned)
{
    return m_state.last;
}

void Marker::write(unsigned, uint32_t, unsigned, uint32_t value)
{
    m_state.last = value;
    ++m_state.written;
    if (m_mark)
        m_mark(value);
}

std::vector<RegisterView> Marker::registers() const
{
    return {
        { "last", m_state.last, 32, "last marker" },
        { "written", m_state.written, 64, "markers written" },
    };
}

}
