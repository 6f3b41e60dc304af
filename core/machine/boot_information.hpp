// The Multiboot information structure (Multiboot 0.6.96 §3.3) with everything that it points to, as one block:
//
//   +0    the structure
//   +120  memory map
//         module list
//         strings: boot loader name, kernel command line, one command line per module
//
// Flags set: 0 (mem_lower, mem_upper), 2 (cmdline), 3 (modules, even if there are none), 5 (ELF sections, where the
// kernel has them), 6 (memory map), 9 (boot loader name). Never: 1 (boot device), 4 (a.out symbols), 7, 8, 10 to 12
// (drives, configuration table, APM, VBE, framebuffer); what belongs to them reads as zeros.
#pragma once

#include "core/machine/memory_map.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ringside {

struct PlacedModule {
    uint32_t begin = 0;
    uint32_t end = 0; // past the last byte
    std::string command_line;
};

struct PlacedSections {
    uint32_t count = 0; // 0: there are none
    uint32_t entry_size = 0;
    uint32_t address = 0;
    uint32_t names_index = 0;
};

struct BootInformation {
    std::string command_line;
    std::vector<PlacedModule> modules;
    PlacedSections sections;
};

// The block to be stored at guest-physical `address`. Its size depends neither on the address nor on `sections`.
std::vector<std::byte> boot_information_block(const BootInformation&, const GuestMemory&, uint32_t address);

} // namespace ringside
