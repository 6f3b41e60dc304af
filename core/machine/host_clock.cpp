#include "core/machine/clock.hpp"

#include <chrono>

namespace ringside {

namespace {

Nanoseconds host_now()
{
    return static_cast<Nanoseconds>(std::chrono::steady_clock::now().time_since_epoch().count());
}

}

HostClock::HostClock()
    : m_origin(host_now())
{
}

Nanoseconds HostClock::now() const
{
    return m_paused ? m_paused_at : host_now() - m_origin;
}

void HostClock::pause()
{
    if (m_paused)
        return;
    m_paused_at = now();
    m_paused = true;
}

void HostClock::resume()
{
    if (!m_paused)
        return;
    m_origin = host_now() - m_paused_at;
    m_paused = false;
}

}
