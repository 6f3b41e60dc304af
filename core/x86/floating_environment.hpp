// What FNSTENV, FNSAVE and FXSAVE store, and FLDENV, FRSTOR and FXRSTOR load (SDM 1 §8.1.10, §10.5).
#pragma once

#include "core/x86/floating_registers.hpp"

#include <cstddef>
#include <span>

namespace ringside {

// An environment is 7 words of 32 or 16 bits, and in real-address and virtual-8086 mode tells addresses in another way.
struct EnvironmentFormat {
    bool wide = true;
    bool linear_addresses = false; // instead of an offset and a selector

    std::size_t bytes() const { return wide ? 28 : 14; }
};

// `area` is of the environment's size; of another 80 bytes for the registers of the stack if these are stored or loaded too.
void store_environment(const FloatingRegisters& registers, EnvironmentFormat format, std::span<std::byte> area);
void load_environment(FloatingRegisters& registers, EnvironmentFormat format, std::span<const std::byte> area);
void store_floating_stack(const FloatingRegisters& registers, EnvironmentFormat format, std::span<std::byte> area);
void load_floating_stack(FloatingRegisters& registers, EnvironmentFormat format, std::span<const std::byte> area);

// All registers, as FXSAVE stores them in 32-bit mode: the first used_bytes of `area`.
void store_image(const FloatingRegisters& registers, std::span<std::byte> area);
void load_image(FloatingRegisters& registers, std::span<const std::byte> area);
// MXCSR in an area that FXRSTOR is to load.
uint32_t mxcsr_of_image(std::span<const std::byte> area);

}
