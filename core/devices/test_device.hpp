// The test device of emulators (QEMU's pc-testdev), for kernels that test interrupts:
//
//   region 0, ports 0xE0..0xE3:      four bytes that read back as written
//   region 1, ports 0x2000..0x2017:  a byte written sets that interrupt line: 0..15 the ISA lines, 16..23 the I/O APIC's
//                                    own pins; 0 is low, anything else high. Line 2, the PICs' cascade, is left
//                                    alone. Reads give zero.
//
// A line is shared with the device that owns it: the last one to set it wins.
#pragma once

#include "core/devices/device.hpp"

#include <array>

namespace ringside {

struct TestDeviceState {
    std::array<uint8_t, 4> scratch {};
    uint32_t lines = 0; // as last written
};

class TestDevice final : public Device {
public:
    static constexpr unsigned isa_lines = 16, lines = 24;

    TestDevice(InterruptInput& isa, InterruptInput& io_apic);

    std::string_view name() const override { return "test-device"; }
    uint32_t read(unsigned region, uint32_t offset, unsigned size) override;
    void write(unsigned region, uint32_t offset, unsigned size, uint32_t value) override;
    std::vector<RegisterView> registers() const override;

    const TestDeviceState& state() const { return m_state; }

private:
    TestDeviceState m_state;
    InterruptInput& m_isa;
    InterruptInput& m_io_apic;
};

}
