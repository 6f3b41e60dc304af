// The host's own floating-point unit, lent to the guest for one instruction: its registers are loaded with the guest's, the
// instruction is executed in the monitor, in 64-bit mode, and the registers are taken back. What ModRM.rm named is
// addressed by RSI there, and the general register that ModRM.reg named is EBX: the guest's ESP is no exception then.
#pragma once

#include "core/result.hpp"
#include "core/x86/floating_emulator.hpp"

#include <cstdint>

namespace ringside {

class HostFloatingUnit final : public FloatingUnit {
public:
    HostFloatingUnit() = default;
    ~HostFloatingUnit() override;
    HostFloatingUnit(const HostFloatingUnit&) = delete;
    HostFloatingUnit& operator=(const HostFloatingUnit&) = delete;

    Result<void> set_up();

    bool has(const Instruction& instruction) const override;
    void execute(const Instruction& instruction, FloatingOperands& operands) override;

private:
    void write_code(const Instruction& instruction);

    uint8_t* m_code = nullptr; // a page that may be executed
};

}
