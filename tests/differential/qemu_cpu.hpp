// Where the CPU that QEMU's TCG plays is no real one: what a program sees there is made alike before it is compared. On any
// other CPU nothing is forgiven.
#pragma once

#include "tests/differential/program_side.hpp"

namespace ringside::test {

// RF is not set in the EFLAGS that faults push (SDM 3B §17.3.1.1), and a page fault of an instruction that reads and then
// writes its operand says that it was a read (SDM 3A §4.7). In what the handlers have logged: in the outcome and in memory.
void forgive_qemu(ProgramOutcome& emulated, GuestMemory& emulated_memory, ProgramOutcome& executed, GuestMemory& executed_memory);

}
