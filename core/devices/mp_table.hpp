// The table by which a PC's firmware describes its processors, I/O APIC and interrupt wiring to an operating system
// (Intel MultiProcessor Specification 1.4, chapter 4): one processor, one ISA bus, one I/O APIC.
#pragma once

#include "core/machine/guest_memory.hpp"

namespace ringside {

inline constexpr Gpa mp_floating_pointer { 0xF0000 };
inline constexpr Gpa mp_configuration_table { 0xF0010 };

// Writes the floating pointer and the configuration table into the BIOS area.
void write_mp_table(GuestMemory&);

}
