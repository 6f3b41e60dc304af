// The proof that StopsByBreakpoint stops a guest exactly, on this host and with this Unicorn.
#pragma once

#include "strategies/emulation/translated_code.hpp"
#include "strategies/emulation/unicorn_state.hpp"

namespace ringside {

// Runs guests in `unicorn`, which must have neither memory nor hooks, and leaves it so, with other registers. Takes well
// under a millisecond. The signals' handlers must be installed.
bool prove_stops(uc_engine* unicorn, UnicornState& state, const TranslatedCode& code);

}
