// The strategies under which attacks are carried out: all that are available here.
#pragma once

#include "core/machine/strategy.hpp"

#include <string>
#include <vector>

namespace ringside::test {

struct AttackedStrategy {
    std::string name;
    bool is_paravirtual = false; // its guests are ported to it
    bool is_direct = false;      // guest code runs where it lies, on the host's CPU
};

// Those that are not are named on standard output, once, with the reason.
std::vector<AttackedStrategy> attacked_strategies();

// The path of a file that the build has made from tests/escape/guests.
std::string escape_file(const std::string& name);

}
