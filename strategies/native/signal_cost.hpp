// What the host charges for one trap: from the refused instruction to the monitor, and from the monitor back to the guest.
// It is paid outside the monitor's own clock, so it is measured once a run, on this thread, with this world switch.
#pragma once

#include "strategies/native/ldt.hpp"
#include "strategies/native/window.hpp"

#include <cstdint>

namespace ringside {

// In ticks of the time-stamp counter: the median of a few dozen traps by HLT whose handler does nothing. The window is
// empty, before and after; ringside_world is ready to enter a guest.
uint64_t measure_signal_cost(Window& window, Ldt& ldt);

}
