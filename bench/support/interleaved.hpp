// One workload on several machines in turn, A B C C B A, so that what changes on the host while it is measured changes
// for all of them.
#pragma once

#include "bench/support/guest.hpp"

#include <map>
#include <span>
#include <vector>

namespace ringside {

// A stretch of a workload's console that is timed, and how many operations it holds.
struct Stretch {
    std::string label;
    std::string from = "bench: begin";
    std::string to = "bench: end";
    double operations = 1;
};

class Interleaved {
public:
    // `runs` of each machine. Says on standard error what it is at.
    static Result<Interleaved> measure(
        const Workload& workload, std::span<const Stretch> stretches, std::span<const Machines> machines, unsigned runs);

    double wall(Machines machine, std::size_t stretch = 0) const; // median seconds
    double cpu(Machines machine, std::size_t stretch = 0) const;
    double ratio(Machines machine, Machines against, std::size_t stretch = 0) const { return wall(machine, stretch) / wall(against, stretch); }
    double cpu_ratio(Machines machine, Machines against, std::size_t stretch = 0) const { return cpu(machine, stretch) / cpu(against, stretch); }

private:
    using Samples = std::vector<Moment>;
    std::map<Machines, std::vector<Samples>> m_samples; // by stretch
};

}
