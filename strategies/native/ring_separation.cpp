#include "strategies/native/ring_separation.hpp"

namespace ringside {

RingSeparation::RingSeparation(uint64_t ticks_per_second)
    : m_long_stay(ticks_per_second / 4000) // 250 microseconds
{
}

RingSeparation::Method RingSeparation::in_ring_3(uint64_t now)
{
    if (m_entered == 0)
        m_entered = now;
    else if (now - m_entered > m_long_stay)
        m_stayed_long = true;
    return m_stayed_long ? Method::Concealed : Method::Truncated;
}

void RingSeparation::in_ring_0(uint64_t now)
{
    if (m_entered == 0)
        return;
    m_stayed_long = now - m_entered > m_long_stay;
    m_entered = 0;
}

}
