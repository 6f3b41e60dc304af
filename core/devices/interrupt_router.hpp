// The wires between the ISA interrupt lines and the controllers: every line reaches its PIC input and an I/O APIC pin.
// IRQ 0 is wired to pin 2, as on PCs since the PIC's output took pin 0; the others keep their number.
#pragma once

#include "core/devices/device.hpp"

#include <functional>

namespace ringside {

class InterruptRouter final : public InterruptInput {
public:
    // `changed`, which may be empty, hears of every change of a line, before the controllers do.
    InterruptRouter(InterruptInput& pic, InterruptInput& io_apic, std::function<void(unsigned irq, bool level)> changed)
        : m_pic(pic)
        , m_io_apic(io_apic)
        , m_changed(std::move(changed))
    {
    }

    static constexpr unsigned pin_of(unsigned irq) { return irq == 0 ? 2 : irq; }

    void set_line(unsigned irq, bool level) override;
    uint16_t lines() const { return m_lines; }

private:
    InterruptInput& m_pic;
    InterruptInput& m_io_apic;
    std::function<void(unsigned, bool)> m_changed;
    uint16_t m_lines = 0;
};

}
