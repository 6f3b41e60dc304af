// What can be found out about the host, in words.
#pragma once

#include <string>
#include <vector>

namespace ringside {

struct HostFact {
    std::string key;   // in JSON
    std::string label; // for people
    std::string value;
};

std::vector<HostFact> host_facts();

}
