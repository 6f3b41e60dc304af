// Port 0xE8: the guest writes a number of 8, 16 or 32 bits, and the trace shows it at that moment. Reads give
// the last one.
#pragma once

#include "core/devices/device.hpp"

#include <functional>

namespace ringside {

struct MarkerState {
    uint32_t last = 0;
    uint64_t written = 0;
};

class Marker final : public Device {
public:
    explicit Marker(std::function<void(uint32_t)> mark);

    std::string_view name() const override { return "marker"; }
    uint32_t read(unsigned region, uint32_t offset, unsigned size) override;
    void write(unsigned region, uint32_t offset, unsigned size, uint32_t value) override;
    std::vector<RegisterView> registers() const override;

    const MarkerState& state() const { return m_state; }

private:
    MarkerState m_state;
    std::function<void(uint32_t)> m_mark;
};

}
