// Guests of a few instructions, for tests of what is around them. Their source is in guests.cpp.
#pragma once

#include <string>

namespace ringside::test {

// The path of a Multiboot kernel; the file lives as long as the test program.
//
//   greet   prints "hello\n" and ends well
//   fail    ends with 5 through the debug-exit port
//   echo    prints "ready\n", then every byte that it receives, until that is 'q'
//   spin    prints "spinning", then loops with interrupts off
//   sleep   prints "sleeping", then halts again and again with interrupts on
//   flood   prints all 256 byte values, 1024 times over, and ends well
//   mix     computes with all registers in 800 rounds, writes a byte to port 0xE9 after each, leaves the results between
//           0x200000 and 0x220000, and ends well
//   ticker  halts until 150 timer interrupts have come, counted at 0x200000, and ends well
//   modify  changes an instruction of the block that it runs, three times, and ends well
//   screen  writes "RING" in yellow on blue at the top of the VGA's screen, prints "drawn", and halts again and again
//   both    prints "serial" on COM1 and "debug" on port 0xE9, and ends well
std::string guest(const std::string& name);

}
