#include "core/devices/bus.hpp"

#include "core/verify.hpp"

#include <fmt/format.h>

namespace ringside {

namespace {

constexpr uint32_t port_count = 0x10000;
constexpr uint64_t memory_end = uint64_t { 1 } << 36;

bool overlaps(const Bus::Claim& claim, uint64_t base, uint64_t size)
{
    return base < claim.base + claim.size && claim.base < base + size;
}

// Calls `byte(offset, shift)` for each byte of an access that cannot be made whole.
template<typename Byte>
void split(unsigned size, Byte byte)
{
    for (unsigned offset = 0; offset < size; ++offset)
        byte(offset, 8 * offset);
}

// A device whose widest access is wider than its range has one wide register there: it takes an access at the base
// whole, over the heads of its neighbors (as the data port of an ATA channel does).
bool fits(const Bus::Claim& claim, uint64_t address, unsigned size)
{
    const auto offset = address - claim.base;
    return size <= claim.widest && (offset + size <= claim.size || offset == 0);
}

// Physical addresses have 36 bits and wrap.
Gpa wrapped(Gpa address)
{
    return Gpa { address.value % memory_end };
}

// The number of the 4 GiB that the offset lies in is added to the region; only the unclaimed reaches so far.
unsigned region_of(const Bus::Claim& claim, uint64_t offset)
{
    return claim.region + static_cast<unsigned>(offset >> 32);
}

uint32_t access_mask(unsigned size)
{
    return size == 4 ? 0xFFFFFFFF : (1u << (8 * size)) - 1;
}

}

Bus::Bus(Device& unclaimed)
    : m_ports { { &unclaimed, 0, 0, port_count, 4 } }
    , m_memory { { &unclaimed, 1, 0, memory_end, 4 } }
    , m_port_index(std::make_unique<uint8_t[]>(port_count))
{
}

Bus::~Bus() = default;

Result<void> Bus::claim_ports(Device& device, unsigned region, uint16_t base, uint32_t count, unsigned widest)
{
    VERIFY(count > 0 && base + count <= port_count && m_ports.size() < 256);
    VERIFY(widest == 1 || widest == 2 || widest == 4);
    for (uint32_t port = base; port < base + count; ++port) {
        if (m_port_index[port] != 0)
            return fail(ExitCode::Internal,
                fmt::format("{} and {} both claim port {:#x}", device.name(),
                    device_at_port(static_cast<uint16_t>(port)).name(), port));
    }
    m_ports.push_back({ &device, region, base, count, widest });
    for (uint32_t port = base; port < base + count; ++port)
        m_port_index[port] = static_cast<uint8_t>(m_ports.size() - 1);
    return {};
}

Result<void> Bus::claim_memory(Device& device, unsigned region, Gpa base, uint64_t size, unsigned widest)
{
    VERIFY(size > 0 && size <= uint64_t { 1 } << 32);
    VERIFY(base.value < memory_end && size <= memory_end - base.value);
    VERIFY(widest == 1 || widest == 2 || widest == 4);
    for (std::size_t i = 1; i < m_memory.size(); ++i) {
        if (overlaps(m_memory[i], base.value, size))
            return fail(ExitCode::Internal,
                fmt::format("{} and {} both claim address {:#x}", device.name(), m_memory[i].device->name(), base.value));
    }
    m_memory.push_back({ &device, region, base.value, size, widest });
    return {};
}

const Bus::Claim& Bus::port_claim(uint16_t port) const
{
    return m_ports[m_port_index[port]];
}

const Bus::Claim& Bus::memory_claim(Gpa address) const
{
    for (std::size_t i = 1; i < m_memory.size(); ++i) {
        if (overlaps(m_memory[i], address.value, 1))
            return m_memory[i];
    }
    return m_memory[0];
}

uint32_t Bus::read_port(uint16_t port, unsigned size)
{
    const auto& claim = port_claim(port);
    if (fits(claim, port, size)) [[likely]]
        return claim.device->read(claim.region, static_cast<uint32_t>(port - claim.base), size) & access_mask(size);
    uint32_t value = 0;
    split(size, [&](unsigned offset, unsigned shift) {
        value |= read_port(static_cast<uint16_t>(port + offset), 1) << shift;
    });
    return value;
}

void Bus::write_port(uint16_t port, unsigned size, uint32_t value)
{
    const auto& claim = port_claim(port);
    if (fits(claim, port, size)) [[likely]] {
        claim.device->write(claim.region, static_cast<uint32_t>(port - claim.base), size, value & access_mask(size));
        return;
    }
    split(size, [&](unsigned offset, unsigned shift) {
        write_port(static_cast<uint16_t>(port + offset), 1, (value >> shift) & 0xFF);
    });
}

uint32_t Bus::read_memory(Gpa unwrapped, unsigned size)
{
    const auto address = wrapped(unwrapped);
    const auto& claim = memory_claim(address);
    const auto offset = address.value - claim.base;
    if (fits(claim, address.value, size)) [[likely]]
        return claim.device->read(region_of(claim, offset), static_cast<uint32_t>(offset), size) & access_mask(size);
    uint32_t value = 0;
    split(size, [&](unsigned byte, unsigned shift) { value |= read_memory(address + byte, 1) << shift; });
    return value;
}

void Bus::write_memory(Gpa unwrapped, unsigned size, uint32_t value)
{
    const auto address = wrapped(unwrapped);
    const auto& claim = memory_claim(address);
    const auto offset = address.value - claim.base;
    if (fits(claim, address.value, size)) [[likely]] {
        claim.device->write(region_of(claim, offset), static_cast<uint32_t>(offset), size, value & access_mask(size));
        return;
    }
    split(size, [&](unsigned byte, unsigned shift) { write_memory(address + byte, 1, (value >> shift) & 0xFF); });
}

const Device& Bus::device_at_port(uint16_t port) const
{
    return *port_claim(port).device;
}

const Device& Bus::device_at_memory(Gpa address) const
{
    return *memory_claim(wrapped(address)).device;
}

}
