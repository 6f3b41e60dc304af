// The host's own floating-point unit, lent to the guest for one instruction: its registers are loaded with the guest's,
// the instruction is executed in the monitor, in 64-bit mode, with RSI in place of whatever addressed its operand, and the
// registers are taken back.
//
// The pointers to the last x87 instruction and its operand, which FNSTENV shows, stay those of the one before.
#pragma once

#include "core/result.hpp"
#include "core/x86/floating_emulator.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace ringside {

class HostFloatingUnit final : public FloatingUnit {
public:
    HostFloatingUnit() = default;
    ~HostFloatingUnit() override;
    HostFloatingUnit(const HostFloatingUnit&) = delete;
    HostFloatingUnit& operator=(const HostFloatingUnit&) = delete;

    Result<void> set_up();
    // The guest's registers, 16-byte aligned: an image as FXSAVE stores it. Before each instruction.
    void use(std::byte* image) { m_image = image; }

    bool accepts(const Instruction& instruction) const override;
    void execute(const Instruction& instruction, std::span<std::byte> operand, CpuState& state) override;

private:
    void write_code(const Instruction& instruction);

    std::byte* m_image = nullptr;
    uint8_t* m_code = nullptr; // a page that may be executed
};

}
