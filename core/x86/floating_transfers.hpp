// The instructions that only bring the unit's registers to memory and back, or initialize them: executed on the image of
// the registers. Internal to the emulator.
#pragma once

#include "core/x86/floating_operands.hpp"
#include "core/x86/floating_registers.hpp"

namespace ringside {

// Null for any other instruction. What it returns as a fault has changed nothing.
using FloatingTransfer = MaybeFault (*)(Execution&, const FloatingPlaces&, FloatingRegisters&);
FloatingTransfer floating_transfer(const Instruction& instruction);

}
