// What a strategy that maps guest memory itself has mapped: for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringside {

// Neighbors that are mapped to neighbors with the same rights.
struct MappedRun {
    uint32_t page = 0;  // number of the first guest-linear page
    uint32_t frame = 0; // number of the guest-physical page that it is mapped to
    uint32_t count = 1;
    bool writable = false;
    bool user = false;
    bool global = false;
    bool concealed = false; // mapped, but out of reach while ring 3 runs
    bool operator==(const MappedRun&) const = default;
};

struct ShadowMapping {
    std::vector<MappedRun> runs; // ascending by page, not overlapping
    uint32_t pages = 0;          // mapped in all; more than in `runs` if there are too many to list
    bool operator==(const ShadowMapping&) const = default;
};

inline constexpr std::size_t most_mapped_runs = 4096;

}
