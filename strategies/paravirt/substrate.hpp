// What paravirtualization asks of the native substrate (strategies/native/): the mappings and segments really in force.
#pragma once

#include "core/machine/address.hpp"
#include "core/machine/cpu_state.hpp"

#include <cstdint>

namespace ringside {

class Substrate {
public:
    virtual ~Substrate() = default;

    // The entries that map `count` pages from `first` on may have changed: what is mapped there becomes what the guest's
    // page tables say now. Neighbors that can be mapped together are.
    virtual void refresh(const CpuState& state, Gla first, uint32_t count) = 0;
    // CR3 was loaded; or, with `paging_began`, paging was turned on as well.
    virtual void load_page_directory(const CpuState& state, bool paging_began) = 0;
    // Ring 3's segments end at `boundary` from their next load on.
    virtual void set_boundary(uint32_t boundary) = 0;
};

}
