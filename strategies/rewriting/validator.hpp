// Checks what has been emitted, without asking how it came about: nothing in a translation leaves the cache but by the ways
// that are known. Always in the tests, and after every translation in builds that are not optimized.
#pragma once

#include "strategies/rewriting/block.hpp"
#include "strategies/rewriting/monitor_area.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace ringside::rewriting {

// Empty if `bytes`, which lie at `address` in the window, hold nothing but
//   - instructions that a program may execute and that load no segment register but FS, from the virtual state;
//   - far jumps to the gate, behind the number of the place;
//   - direct jumps within the bytes or to the code of the same ring;
//   - indirect jumps through the entry table of that ring.
// Else what is wrong, with the address.
std::string validate(const MonitorArea& area, CodeRing ring, uint32_t address, std::span<const uint8_t> bytes);

inline constexpr bool validates_always =
#ifdef __OPTIMIZE__
    false;
#else
    true;
#endif

}
