// The first ring changes of a run as a picture for the terminal: which ring the guest believed it was in, since when,
// for how long, what the hardware really gave it, and what changed the ring. A change of
// strategy begins a new row.
//
//        since  ring 0 kernel  ring 3 program        for  really       change
//     0.000 ms  ▇▇▇▇▇▇▇▇▇▇▇▇                     1.20 ms  interpreted  boot
//     1.203 ms  ╰────────────▶ ▇▇▇▇▇             8.10 µs  interpreted  IRET
//     1.211 ms  ▇▇▇▇ ◀─────────╯                 3.40 µs  interpreted  INT 0x80
#pragma once

#include "core/trace/event.hpp"
#include "core/trace/style.hpp"
#include "core/trace/ticks.hpp"

#include <span>
#include <string>

namespace ringside {

// `events` in the order of the trace; at most `rows` stretches are drawn, the shares below are of all of them. Needs a
// trace with exact ring changes. Several lines of at most 80 columns, the last ended by '\n'.
std::string timeline_text(
    std::span<const EventRecord> events, const TickScale& scale, unsigned rows, const Style& style);

}
