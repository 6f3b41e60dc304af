// Ports 0x510 and 0x511: what QEMU's firmware interface ("fw_cfg") tells about the machine. Test kernels ask it for the
// number of CPUs and would wait for ever for the 65,534 others if the ports read as ones.
//
// A 16-bit write to 0x510 selects an item and starts at its first byte; each byte read from 0x511 is the next one,
// zeros after the last (QEMU, docs/specs/fw_cfg). There are five items, no files, no DMA; any other item is empty.
// Writing data has no effect.
#pragma once

#include "core/devices/device.hpp"

#include <map>

namespace ringside {

struct FirmwareConfigurationState {
    uint16_t selected = 0;
    uint32_t position = 0;
};

class FirmwareConfiguration final : public Device {
public:
    explicit FirmwareConfiguration(uint64_t memory_size);

    std::string_view name() const override { return "firmware-configuration"; }
    uint32_t read(unsigned region, uint32_t offset, unsigned size) override;
    void write(unsigned region, uint32_t offset, unsigned size, uint32_t value) override;
    std::vector<RegisterView> registers() const override;

    const FirmwareConfigurationState& state() const { return m_state; }

private:
    FirmwareConfigurationState m_state;
    std::map<uint16_t, std::vector<uint8_t>> m_items;
};

}
