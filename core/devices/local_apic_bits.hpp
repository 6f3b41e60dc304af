// Bits of the local APIC's registers that its parts share (SDM 3A §10.4, §10.5). Included by local_apic*.cpp only.
#pragma once

#include "core/devices/local_apic.hpp"

namespace ringside::local_apic {

inline constexpr uint64_t base_enable = 1 << 11;    // of the APIC base MSR
inline constexpr uint32_t software_enable = 1 << 8; // of the spurious vector register

// LVT entries (SDM 3A figure 10-8).
inline constexpr uint32_t masked = 1 << 16, periodic = 1 << 17, level_triggered = 1 << 15, remote_irr = 1 << 14;

// Error status (SDM 3A figure 10-9).
inline constexpr uint32_t send_illegal_vector = 1 << 5, received_illegal_vector = 1 << 6, illegal_register = 1 << 7;

// The vectors below are the CPU's own exceptions.
inline constexpr uint8_t first_legal_vector = 16;

inline DeliveryMode delivery_mode(uint32_t word)
{
    return static_cast<DeliveryMode>(word >> 8 & 7);
}

}
