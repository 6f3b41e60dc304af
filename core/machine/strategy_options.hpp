// How a run wants its strategy, where that has a choice.
#pragma once

#include <cstdint>

namespace ringside {

// What becomes of ring 3's code under a strategy that rewrites ring 0's.
enum class UserCode : uint8_t {
    Rewritten,
    Direct, // runs as it is: as fast as can be, but its sensitive instructions tell the truth about the host
};

// How rewritten code reads the time-stamp counter: as it is, and the three ways that Adams & Agesen compared in 2006.
enum class TimeStampReading : uint8_t {
    Native,  // RDTSC runs as it is, until the guest writes its counter: then as Inline
    Inline,  // the translation reads the host's counter and adds what the guest's is ahead
    Callout, // the translation calls the monitor
    Trap,    // the translation faults, and the monitor's signal handler emulates
};

// For strategies that have a choice; the others do not look.
struct StrategyOptions {
    UserCode user_code = UserCode::Rewritten;
    TimeStampReading time_stamp = TimeStampReading::Native;
    bool operator==(const StrategyOptions&) const = default;
};

}
