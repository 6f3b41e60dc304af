// The bytes at 0x400 in which a PC's BIOS leaves what it found, read by kernels that do not trust or know Multiboot
// (Ralf Brown's Interrupt List, MEMORY.LST): serial port, extended BIOS data area, memory, video mode.
#pragma once

#include "core/machine/guest_memory.hpp"

namespace ringside {

// The extended BIOS data area is the last KiB of conventional memory; the BIOS's own count leaves it out.
inline constexpr Gpa extended_bios_data_area { 0x9FC00 };
inline constexpr uint16_t conventional_memory_kib = 639;

void write_bios_data_area(GuestMemory&);

}
