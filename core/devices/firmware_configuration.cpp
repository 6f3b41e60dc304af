#include "core/devices/firmware_configuration.hpp"

namespace ringside {

namespace {

enum Item : uint16_t { Signature = 0x00, Features = 0x01, RamSize = 0x03, CpuCount = 0x05, MostCpus = 0x0F };

constexpr uint8_t traditional_interface = 1;

std::vector<uint8_t> little_endian(uint64_t value, unsigned bytes)
{
    std::vector<uint8_t> item;
    for (unsigned i = 0; i < bytes; ++i)
        item.push_back(static_cast<uint8_t>(value >> (8 * i)));
    return item;
}

}

FirmwareConfiguration::FirmwareConfiguration(uint64_t memory_size)
    : m_items {
        { Signature, { 'Q', 'E', 'M', 'U' } },
        { Features, little_endian(traditional_interface, 4) },
        { RamSize, little_endian(memory_size, 8) },
        { CpuCount, little_endian(1, 2) },
        { MostCpus, little_endian(1, 2) },
    }
{
}

uint32_t FirmwareConfiguration::read(unsigned, uint32_t offset, unsigned size)
{
    if (offset != 1 || size != 1)
        return size == 1 ? 0xFF : 0xFFFF;
    auto item = m_items.find(m_state.selected);
    if (item == m_items.end() || m_state.position >= item->second.size())
        return 0;
    return item->second[m_state.position++];
}

void FirmwareConfiguration::write(unsigned, uint32_t offset, unsigned size, uint32_t value)
{
    if (offset == 0 && size == 2)
        m_state = { .selected = static_cast<uint16_t>(value) };
}

std::vector<RegisterView> FirmwareConfiguration::registers() const
{
    return {
        { "item", m_state.selected, 16, {} },
        { "position", m_state.position, 32, {} },
    };
}

}
