// Ports 0xF4..0xF7: a write of any width ends the machine with the value (QEMU's isa-debug-exit). What the value means
// is the engine's affair. Reads give zero.
#pragma once

#include "core/devices/device.hpp"

#include <functional>

namespace ringside {

struct DebugExitState {
    uint32_t last = 0;
    bool written = false;
};

class DebugExit final : public Device {
public:
    explicit DebugExit(std::function<void(uint32_t)> exit);

    std::string_view name() const override { return "debug-exit"; }
    uint32_t read(unsigned region, uint32_t offset, unsigned size) override;
    void write(unsigned region, uint32_t offset, unsigned size, uint32_t value) override;
    std::vector<RegisterView> registers() const override;

    const DebugExitState& state() const { return m_state; }

private:
    DebugExitState m_state;
    std::function<void(uint32_t)> m_exit;
};

}
