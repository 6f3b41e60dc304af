// What the files of the virtual TLB have in common. It is inline because it runs for each page, or each table, of a fill or
// a load of CR3.
#pragma once

#include "strategies/native/virtual_tlb.hpp"

#include <bit>

namespace ringside {

inline constexpr uint32_t pages_per_table = 1024; // of 32-bit paging: 4 MiB
inline constexpr uint32_t frame_mask = 0xFFFFF000;
// Fill-around maps at most this many pages to each side of the one that faulted.
inline constexpr uint32_t fill_around_reach = 16;

inline uint32_t page_of(Gla address)
{
    return address.value / page_size;
}

inline bool plain_paging(const CpuState& state)
{
    return (state.cr0 & cr0::pg) && !(state.cr4 & cr4::pae);
}

// RAM, at an address that the host lets us use.
inline bool VirtualTlb::is_mappable(uint32_t page, uint64_t frame) const
{
    return page >= m_window.begin() / page_size && page < m_end_page && m_memory.contains(Gpa { frame }, page_size);
}

inline uint32_t VirtualTlb::restricted(uint32_t entry) const
{
    bool read_only = m_rules.read_only && m_rules.read_only->watches((entry & frame_mask) / page_size);
    return read_only ? entry & ~uint32_t { writable } : entry;
}

// The parts of the window, in steps of 4 MiB, in which anything is mapped. Some of them may have been emptied since.
template<typename Action>
void VirtualTlb::for_each_table(Action action) const
{
    for (uint32_t word = 0; word < m_tables.size(); ++word) {
        for (uint64_t left = m_tables[word]; left != 0; left &= left - 1) {
            uint32_t index = word * 64 + static_cast<uint32_t>(std::countr_zero(left));
            if (m_count[index] > 0)
                action(Run { index * pages_per_table, pages_per_table });
        }
    }
}

// The mapped ones of a part that begins and ends where 4 MiB do. Pages may be mapped anew and unmapped meanwhile.
template<typename Action>
void VirtualTlb::for_each_page(Run part, Action action) const
{
    for (uint32_t word = part.page / 64; word < (part.page + part.count) / 64; ++word) {
        for (uint64_t left = m_pages[word]; left != 0; left &= left - 1)
            action(word * 64 + static_cast<uint32_t>(std::countr_zero(left)));
    }
}

}
