// The numbers under which traces know the strategies. core/ knows no strategy; it knows what they are called.
#pragma once

#include <cstdint>
#include <string_view>

namespace ringside {

// 0 for a name that is not known. Values are in trace files: append-only.
uint32_t strategy_number(std::string_view name);
// The reverse; "unknown" for a number that no strategy has.
std::string_view strategy_name(uint64_t number);

}
