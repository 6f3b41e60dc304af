// Events as sentences for learners, one a line:
//
//     12.345 ms  ring 3  INT 0x80: the program calls the kernel (at main+0x12)
//     12.347 ms  ring 3 → ring 0: software interrupt
#pragma once

#include "core/trace/event.hpp"
#include "core/trace/style.hpp"
#include "core/trace/symbols.hpp"
#include "core/trace/ticks.hpp"

#include <string>

namespace ringside {

// What happened, without the time: one plain sentence with no full stop, never empty.
std::string sentence(const EventRecord& record, const Style& style);

// A whole line: when, the virtual ring, the sentence, how long an exit took, where. No '\n'.
std::string story_line(
    const EventRecord& record, const TickScale& scale, const SymbolTable& symbols, const Style& style);

}
