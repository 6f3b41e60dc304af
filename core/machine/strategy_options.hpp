// How a run wants its strategy, where that has a choice.
#pragma once

#include <cstdint>

namespace ringside {

// What becomes of ring 3's code under a strategy that rewrites ring 0's.
enum class UserCode : uint8_t {
    Rewritten,
    Direct, // runs as it is: as fast as can be, but its sensitive instructions tell the truth about the host
};

// For strategies that have a choice; the others do not look.
struct StrategyOptions {
    UserCode user_code = UserCode::Rewritten;
    bool operator==(const StrategyOptions&) const = default;
};

}
