// How the outcomes of a program under emulation and under another strategy differ, and which differences are known.
#pragma once

#include "tests/differential/program_side.hpp"

#include <string>

namespace ringside::test {

// Of the ends, the events, and if those agree the registers; empty, or a line a difference. After a triple fault there are
// no registers to compare.
std::string differences(const ProgramOutcome& emulated, const ProgramOutcome& other);

// Of the memory that is compared. Page flags that may differ are made alike in both first.
std::string memory_differences(GuestMemory& emulated, GuestMemory& other);

// Where the two may part without being wrong, or are known to; null if they may not.
const char* explanation(const ProgramOutcome& emulated, const ProgramOutcome& other);

}
