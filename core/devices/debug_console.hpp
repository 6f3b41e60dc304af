// Port 0xE9: a byte written is a character for the host. Reading gives 0xE9, which is how a guest finds out that the
// port is there (the convention of Bochs).
#pragma once

#include "core/devices/device.hpp"

#include <functional>

namespace ringside {

struct DebugConsoleState {
    uint8_t last = 0;
    uint64_t written = 0;
};

class DebugConsole final : public Device {
public:
    explicit DebugConsole(std::function<void(char)> output);

    std::string_view name() const override { return "debug-console"; }
    uint32_t read(unsigned region, uint32_t offset, unsigned size) override;
    void write(unsigned region, uint32_t offset, unsigned size, uint32_t value) override;
    std::vector<RegisterView> registers() const override;

    const DebugConsoleState& state() const { return m_state; }

private:
    DebugConsoleState m_state;
    std::function<void(char)> m_output;
};

}
