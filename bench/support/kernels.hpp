// The compute kernels that Ringside's speed is judged by.
#pragma once

#include "bench/support/guest.hpp"

#include <array>

namespace ringside {

// Each takes a third of a second or more under emulation.
inline const std::array<Workload, 8> compute_kernels { {
    { "alu", "n=200000000", "alu" },
    { "calls", "n=36", "calls" },
    { "sieve", "rounds=60", "sieve" },
    { "indirect", "n=20000000", "indirect" },
    { "sort", "n=800000", "sort" },
    { "crc32", "size=500000 rounds=100", "crc32" },
    { "matmul", "rounds=4", "matmul" },
    { "copy", "rounds=1600", "copy" },
} };

}
