// The scan code sets of a PC keyboard and the controller's translation between them (IBM PS/2 Technical Reference,
// "Keyboard and Auxiliary Device Controller").
//
// Set 2 is what keyboards send, set 1 is what PC software sees after translation. A release is the code with bit 7
// set (set 1) or after a 0xF0 (set 2).
#pragma once

#include <cstdint>

namespace ringside {

// A set 2 byte as the controller translates it, prefixes aside.
uint8_t set1_from_set2(uint8_t code);

// The set 2 make code of the key whose set 1 make code is `code` (1..0x7F); 0 if no key has it.
uint8_t set2_from_set1(uint8_t code);

}
