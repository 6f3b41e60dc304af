// The platform's interrupt controllers, timer and serial port, which the monitor drives in the place of a paravirtual
// kernel. Interrupt request n of the platform becomes event n; a request is over when the guest has taken it.
#pragma once

#include "core/devices/bus.hpp"
#include "core/machine/clock.hpp"

#include <cstdint>

namespace ringside::paravirt {

// Both 8259s: vectors from PV_FIRST_EVENT_VECTOR on, every input open, ended by themselves; the serial port announces
// input. Once, before the guest starts.
void initialize_event_controllers(Bus& bus);

// Interrupt request 0 with this period, or 0 for none. Returns the period that the timer's steps allow.
// 0, or PV_LEAST_PERIOD to PV_MOST_PERIOD.
uint32_t set_event_timer(Bus& bus, uint32_t period);

}
