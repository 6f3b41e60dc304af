#include "core/devices/post_code.hpp"

namespace ringside {

uint32_t PostCode::read(unsigned, uint32_t, unsigned)
{
    return m_state.last;
}

void PostCode::write(unsigned, uint32_t, unsigned, uint32_t value)
{
    m_state.last = static_cast<uint8_t>(value);
}

std::vector<RegisterView> PostCode::registers() const
{
    return { { "code", m_state.last, 8, {} } };
}

}
