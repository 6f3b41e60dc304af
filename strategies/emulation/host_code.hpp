// Bytes of the host's code, as breakpoints change them.
#pragma once

#include <cstdint>

namespace ringside {

inline constexpr uint8_t int3 = 0xCC;        // raises SIGTRAP
inline constexpr uint8_t direct_jump = 0xE9; // jmp rel32
inline constexpr unsigned direct_jump_bytes = 5;

inline volatile uint8_t& host_byte(uintptr_t address)
{
    return *reinterpret_cast<volatile uint8_t*>(address);
}

}
