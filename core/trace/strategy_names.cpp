#include "core/trace/strategy_names.hpp"

#include <algorithm>
#include <array>

namespace ringside {

namespace {

constexpr std::array<std::string_view, 6> names { "unknown", "emulation", "trap", "rewriting", "paravirt", "hardware" };

}

uint32_t strategy_number(std::string_view name)
{
    auto found = std::ranges::find(names, name);
    return found == names.end() ? 0 : static_cast<uint32_t>(found - names.begin());
}

std::string_view strategy_name(uint64_t number)
{
    return number < names.size() ? names[number] : names[0];
}

}
