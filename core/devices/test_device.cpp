#include "core/devices/test_device.hpp"

namespace ringside {

namespace {

constexpr uint32_t cascade = 2; // joins the two PICs and is no interrupt line

}

TestDevice::TestDevice(InterruptInput& isa, InterruptInput& io_apic)
    : m_isa(isa)
    , m_io_apic(io_apic)
{
}

uint32_t TestDevice::read(unsigned region, uint32_t offset, unsigned)
{
    return region == 0 ? m_state.scratch[offset] : 0;
}

void TestDevice::write(unsigned region, uint32_t offset, unsigned, uint32_t value)
{
    if (region == 0) {
        m_state.scratch[offset] = static_cast<uint8_t>(value);
        return;
    }
    if (offset == cascade)
        return;
    bool level = (value & 0xFF) != 0;
    m_state.lines = (m_state.lines & ~(1u << offset)) | (level ? 1u << offset : 0);
    (offset < isa_lines ? m_isa : m_io_apic).set_line(offset, level);
}

std::vector<RegisterView> TestDevice::registers() const
{
    uint32_t scratch = 0;
    for (unsigned i = 0; i < m_state.scratch.size(); ++i)
        scratch |= uint32_t { m_state.scratch[i] } << (8 * i);
    return {
        { "scratch", scratch, 32, {} },
        { "lines", m_state.lines, 24, {} },
    };
}

}
