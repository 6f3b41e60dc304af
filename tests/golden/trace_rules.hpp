// What holds for every trace that is exact about rings (core/trace/event.hpp).
#pragma once

#include "core/trace/event.hpp"

#include <span>
#include <string>

namespace ringside::test {

// The first rule that is broken and where, or "":
//   - every record is valid; the machine starts before anything runs and stops last, each once
//   - records are ordered by the moment at which their event ends
//   - ring changes are a chain: each leaves the ring that the one before entered, and enters another; the first leaves 0
//   - a ring change by an interrupt or exception directly follows the injection that causes it
//   - a software interrupt or exception is recorded with the ring that was left
std::string broken_rule(std::span<const EventRecord> events);

}
