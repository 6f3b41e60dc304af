#include "core/devices/unclaimed.hpp"

namespace ringside {

namespace {

UnclaimedAccess describe(unsigned region, uint32_t offset, unsigned size)
{
    UnclaimedAccess access { .address = offset, .size = size };
    if (region > 0) {
        access.is_memory = true;
        access.address |= uint64_t { region - 1 } << 32;
    }
    return access;
}

}

Unclaimed::Unclaimed(std::function<void(const UnclaimedAccess&)> report)
    : m_report(std::move(report))
{
}

uint32_t Unclaimed::read(unsigned region, uint32_t offset, unsigned size)
{
    auto access = describe(region, offset, size);
    access.value = size == 4 ? 0xFFFFFFFF : (1u << (8 * size)) - 1;
    ++(access.is_memory ? m_state.memory_reads : m_state.port_reads);
    if (m_report)
        m_report(access);
    return access.value;
}

void Unclaimed::write(unsigned region, uint32_t offset, unsigned size, uint32_t value)
{
    auto access = describe(region, offset, size);
    access.is_write = true;
    access.value = value;
    ++(access.is_memory ? m_state.memory_writes : m_state.port_writes);
    if (m_report)
        m_report(access);
}

std::vector<RegisterView> Unclaimed::registers() const
{
    return {
        { "port reads", m_state.port_reads, 64, {} },
        { "port writes", m_state.port_writes, 64, {} },
        { "memory reads", m_state.memory_reads, 64, {} },
        { "memory writes", m_state.memory_writes, 64, {} },
    };
}

}
