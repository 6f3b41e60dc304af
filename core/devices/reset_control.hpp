// Port 0xCF9, the reset control register (82371SB §2.3.2): bit 1 says what kind of reset, a rising bit 2 performs it.
#pragma once

#include "core/devices/device.hpp"

#include <functional>

namespace ringside {

struct ResetControlState {
    uint8_t value = 0;
};

class ResetControl final : public Device {
public:
    explicit ResetControl(std::function<void()> reset_requested);

    std::string_view name() const override { return "reset-control"; }
    uint32_t read(unsigned region, uint32_t offset, unsigned size) override;
    void write(unsigned region, uint32_t offset, unsigned size, uint32_t value) override;
    std::vector<RegisterView> registers() const override;

    const ResetControlState& state() const { return m_state; }

private:
    ResetControlState m_state;
    std::function<void()> m_reset_requested;
};

}
