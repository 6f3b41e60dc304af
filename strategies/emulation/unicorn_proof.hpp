// The proof that a UnicornLayout is right: code whose outcome depends on what was put at the places found.
#pragma once

#include "core/result.hpp"
#include "strategies/emulation/unicorn_layout.hpp"

namespace ringside {

// Unavailable if the Unicorn that this program runs with does not behave as the layout says. Takes well under a
// millisecond.
Result<void> prove_unicorn_layout(const UnicornLayout& layout);

}
