// The bytes at 0x400 in which a PC's BIOS leaves what it found, read by kernels that do not trust or know Multiboot
// (Ralf Brown's Interrupt List, MEMORY.LST): serial port, extended BIOS data area, memory, video mode.
#pragma once

#include "core/machine/guest_memory.hpp"

namespace ringside {

// Without the last KiB, which is the extended BIOS data area.
inline constexpr uint16_t conventional_memory_kib = 639;

void write_bios_data_area(GuestMemory&);

}
