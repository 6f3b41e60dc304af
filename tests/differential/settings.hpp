// The processor modes in which generated instructions run, and the tables in memory that they refer to.
#pragma once

#include "core/machine/guest_memory.hpp"
#include "tests/differential/cases.hpp"

#include <vector>

namespace ringside::test {

// Writes the descriptor tables, the TSS and the page tables that settings name. Everything lies above the data window,
// of which some pages are read-only, the supervisor's, or not there once paging is on.
void place_tables(GuestMemory& memory);
// The range of those tables, the inner stacks included.
inline constexpr uint32_t tables_begin = data_window_end, tables_end = 0x28000;

// Flat 32-bit segments in ring 0 and ring 3, segments with bases, 16-bit code and stack, real-address mode.
std::vector<Setting> ordinary_settings();
// With paging, in ring 0 and ring 3, and with and without CR0.WP.
std::vector<Setting> paged_settings();
// What a program of this host can run: ring 3.
std::vector<Setting> host_settings();
// 32-bit protected mode in ring 0 and ring 3.
std::vector<Setting> system_settings();

}
