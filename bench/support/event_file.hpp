// A trace file of made-up events, for what is measured with more of them than a guest would make in the time.
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <string>

namespace ringside {

// As under trap-and-emulate at 3 GHz: an exit each microsecond or two, a change of ring each few exits.
Result<void> write_event_file(const std::string& path, uint64_t count);

}
