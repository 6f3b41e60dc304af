// How often translated code came to the monitor, and why. Ways within translated code are not counted: that would cost each
// of them.
#pragma once

#include "strategies/rewriting/block.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace ringside::rewriting {

struct MonitorCalls {
    std::array<uint64_t, static_cast<std::size_t>(Site::Kind::Identify) + 1> by_kind {}; // of Site, the last included
    std::array<uint64_t, instruction_names> by_instruction {};
    uint64_t no_entry = 0;  // indirect branches whose target the entry table did not have
    uint64_t stops = 0;     // faults of translated code, which came by a signal
    uint64_t crossings = 0; // system calls that went to ring 0 without the monitor

    void count(const Site& site)
    {
        ++by_kind[static_cast<std::size_t>(site.kind)];
        if (site.kind != Site::Kind::Exit && site.kind != Site::Kind::Changed)
            ++by_instruction[site.name % instruction_names];
    }
    uint64_t of(Site::Kind kind) const { return by_kind[static_cast<std::size_t>(kind)]; }
};

}
