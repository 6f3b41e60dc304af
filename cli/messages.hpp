// What the program says to people: one line each, on standard error.
#pragma once

#include "core/result.hpp"

#include <string_view>

namespace ringside {

// "ringside: MESSAGE", and " (hint: HINT)" if there is one. If the guest has left the cursor in the middle of a line of
// the same terminal, on a line of its own.
void say(std::string_view message, std::string_view hint = {});

// Says it, and returns its exit code.
int report(const Error& error);

// Tells say() how the last line on standard output ended.
void note_output(std::string_view text);

}
