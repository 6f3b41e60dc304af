// What of the guest's physical memory is whose when a kernel starts, as a PC's firmware would tell it (INT 15h E820).
//
//   0x00000000  usable     real-mode vectors and, at 0x400..0x4FF, the BIOS data area
//   0x0009FC00  reserved   extended BIOS data area
//   0x000A0000  (a hole)   video memory and option ROMs: not listed, as on a PC
//   0x000F0000  reserved   firmware tables (MP table)
//   0x00100000  usable     extended memory, up to the end of RAM
#pragma once

#include "core/machine/guest_memory.hpp"

#include <array>
#include <cstdint>

namespace ringside {

struct MemoryMapEntry {
    enum Kind : uint32_t { Usable = 1, Reserved = 2 }; // the numbers of E820 and Multiboot
    uint64_t base = 0;
    uint64_t size = 0;
    Kind kind = Usable;
};

inline constexpr uint64_t usable_conventional_end = 0x9FC00;
inline constexpr uint64_t extended_memory = 0x100000;

// Where the machine itself writes, so that no kernel may be loaded there. Of the BIOS area only the first half is
// ours: `ld -Ttext=0x100000` puts the ELF headers of a kernel into the page below 1 MiB, and such kernels must start.
inline constexpr std::array<MemoryRegion, 4> firmware_areas { {
    { Gpa { 0x400 }, 0x100 },                   // BIOS data area
    { Gpa { usable_conventional_end }, 0x400 }, // extended BIOS data area
    { Gpa { 0xB8000 }, 0x8000 },                // VGA text
    { Gpa { 0xF0000 }, 0x8000 },                // MP table and what else the firmware describes
} };

std::array<MemoryMapEntry, 4> memory_map(const GuestMemory&);

// In KiB, as Multiboot and the CMOS count: memory from 0 on (639, as INT 12h and QEMU have it), and from 1 MiB on.
inline constexpr uint32_t lower_memory_kib = usable_conventional_end / 1024;
uint32_t upper_memory_kib(const GuestMemory&);

} // namespace ringside
