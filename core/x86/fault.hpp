// A fault that a check found: what the processor would raise (SDM 3A §6.13, §6.15). Checks return MaybeFault: empty
// when the guest may go on. Plain data, no allocation: faults are an ordinary outcome here.
#pragma once

#include "core/machine/address.hpp"
#include "core/machine/cpu_state.hpp"

#include <cstdint>
#include <optional>

namespace ringside {

struct Fault {
    uint8_t vector = 0;
    bool has_error_code = false;
    uint32_t error_code = 0;
    uint32_t address = 0; // #PF: the linear address for CR2

    bool operator==(const Fault&) const = default;
};

using MaybeFault = std::optional<Fault>;

inline Fault page_fault(uint32_t error_code, Gla address)
{
    return { PF, true, error_code, address.value };
}

// #GP, #TS, #NP, #SS and #DF carry an error code: 0, or one made of a selector (SDM 3A figure 6-7).
inline Fault fault_with_code(Vector vector, uint32_t error_code)
{
    return { vector, true, error_code, 0 };
}

inline Fault fault_without_code(Vector vector)
{
    return { vector, false, 0, 0 };
}

// Bits of a selector error code (SDM 3A figure 6-7). The index is left in place, at bits 3..15.
namespace selector_error {
inline constexpr uint32_t external = 1 << 0; // EXT: while an event from outside the program was delivered
inline constexpr uint32_t idt = 1 << 1;      // the index is a gate in the IDT
inline constexpr uint32_t ldt = 1 << 2;      // the index is in the LDT, else in the GDT
}

// True for the exceptions that push an error code in protected mode (SDM 3A table 6-1).
constexpr bool pushes_error_code(unsigned vector)
{
    return vector == DF || (vector >= TS && vector <= PF) || vector == AC;
}

}
