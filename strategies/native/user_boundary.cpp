#include "strategies/native/user_boundary.hpp"

#include "core/x86/paging.hpp"

#include <array>

namespace ringside {

uint64_t user_boundary(const GuestMemory& memory, const CpuState& state)
{
    constexpr uint64_t everything = uint64_t { 1 } << 32;
    constexpr uint32_t entries = 1024;
    if (!(state.cr0 & cr0::pg) || (state.cr4 & cr4::pae))
        return everything;
    auto directory = memory.read<std::array<uint32_t, entries>>(Gpa { state.cr3 & 0xFFFFF000 });
    if (!directory)
        return everything;
    constexpr uint32_t user = page_entry::present | page_entry::user;
    for (uint32_t index = entries; index > 0; --index) {
        if (((*directory)[index - 1] & user) == user)
            return uint64_t { index } << 22;
    }
    return everything;
}

}
