// A comparison for programs.
#pragma once

#include "core/session/comparison.hpp"

#include <nlohmann/json.hpp>

namespace ringside {

// Times in nanoseconds, shares from 0 to 1, memory in bytes. What is not known is null.
nlohmann::json comparison_json(const Comparison& comparison);

}
