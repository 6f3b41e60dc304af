// Port 0x92, system control port A (IBM PS/2 Technical Reference): bit 0 rising resets the CPU, bit 1 opens A20. A20 is
// always open here: the bit is kept and read back, so that kernels that wait for it go on.
#pragma once

#include "core/devices/device.hpp"

#include <functional>

namespace ringside {

struct SystemControlPortState {
    uint8_t value = 0x02;
};

class SystemControlPort final : public Device {
public:
    explicit SystemControlPort(std::function<void()> reset_requested);

    std::string_view name() const override { return "system-control"; }
    uint32_t read(unsigned region, uint32_t offset, unsigned size) override;
    void write(unsigned region, uint32_t offset, unsigned size, uint32_t value) override;
    std::vector<RegisterView> registers() const override;

    const SystemControlPortState& state() const { return m_state; }

private:
    SystemControlPortState m_state;
    std::function<void()> m_reset_requested;
};

}
