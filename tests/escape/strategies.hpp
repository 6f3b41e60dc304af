// The strategies under which attacks are carried out: all that can run unmodified guests here.
#pragma once

#include "core/machine/strategy.hpp"

#include <string>
#include <vector>

namespace ringside::test {

struct AttackedStrategy {
    std::string name;
    bool is_native = false; // guest code runs on the host's CPU
};

// Those that cannot are named on standard output, once, with the reason.
std::vector<AttackedStrategy> attacked_strategies();

// The path of a file that the build has made from tests/escape/guests.
std::string escape_file(const std::string& name);

}
