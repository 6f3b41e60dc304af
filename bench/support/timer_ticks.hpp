// What a timer interrupt of the guest takes of a program that computes: one kernel with many and with few of them.
#pragma once

#include "bench/support/guest.hpp"

#include <map>
#include <span>

namespace ringside {

struct TickPrice {
    double whole = 0;   // seconds of CPU that each takes, of all threads of the process
    double signals = 0; // of that, the host's signals as the worker counts and prices them; Ringside only
};

// Medians of `runs` turns. HostProgramWithSignals: of a signal by a timer of the host's, the least that it can be.
Result<std::map<Machines, TickPrice>> measure_timer_ticks(std::span<const Machines> machines, unsigned runs);

}
