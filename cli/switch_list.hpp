// What --switch says: when the strategy changes, and to which.
#pragma once

#include "core/result.hpp"
#include "core/session/settings.hpp"

#include <string_view>
#include <vector>

namespace ringside {

// "200ms:trap,400ms:emulation": guest times since the start, each later than the one before. Usage errors; whether a
// strategy can run here is not looked at.
Result<std::vector<SwitchSetting>> parse_switches(std::string_view text);

}
