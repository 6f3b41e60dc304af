// Port 0x80: the diagnostic display of a PC, also written just to let a microsecond pass. Keeps the last value.
#pragma once

#include "core/devices/device.hpp"

namespace ringside {

struct PostCodeState {
    uint8_t last = 0;
};

class PostCode final : public Device {
public:
    std::string_view name() const override { return "post-code"; }
    uint32_t read(unsigned region, uint32_t offset, unsigned size) override;
    void write(unsigned region, uint32_t offset, unsigned size, uint32_t value) override;
    std::vector<RegisterView> registers() const override;

    const PostCodeState& state() const { return m_state; }

private:
    PostCodeState m_state;
};

}
