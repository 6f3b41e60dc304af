// The Multiboot loader (Multiboot 0.6.96): puts a kernel and its modules into guest memory as a boot loader does.
//
// What goes where:
//   kernel       at the physical addresses that its file gives; it may lie below 1 MiB, but not where the firmware
//   keeps
//                its data (memory_map.hpp)
//   modules      page-aligned, in order, each on pages of its own, at the first room above the kernel (and above
//                1 MiB); where that does not suffice, at any room above 1 MiB
//   information  page-aligned, at the first room from 0x10000 on and below the extended BIOS data area, where kernels
//                that use memory from their end on, or that map only the first 4 MiB, leave it alone and still reach
//                it; where that does not suffice, like a module
//   ELF tables   section headers with symbol and string tables, like a module; left out where there is no room
//
// Either everything is placed and written, or an error is returned and the memory is untouched.
#pragma once

#include "core/machine/elf_image.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringside {

// Multiboot itself has no limits; these keep mistakes from becoming long waits.
inline constexpr uint64_t largest_kernel_file = 256 * mebibyte;
inline constexpr size_t longest_command_line = 65535; // each, with the file name that precedes it

struct BootModule {
    std::string path;
    std::string command_line;
};

struct BootRequest {
    std::string kernel_path;
    std::string command_line;
    std::vector<BootModule> modules;
};

struct ModuleBytes {
    std::string_view name;
    std::string_view command_line;
    std::span<const std::byte> bytes;
};

struct LoadedKernel {
    uint32_t entry = 0;               // guest-physical
    uint32_t information_address = 0; // for EBX
    std::vector<Symbol> symbols;      // of an ELF kernel that was not stripped
    uint32_t lowest = 0;              // the kernel lies in [lowest, highest), guest-physical, its BSS included
    uint32_t highest = 0;
};

// True if the file has a Multiboot 1 header with a good checksum. It may still be refused.
bool is_multiboot(std::span<const std::byte> file);

// Loads from files. As under QEMU, the kernel sees "PATH COMMAND-LINE" (the space stands even before nothing), a module
// "PATH COMMAND-LINE" or, without one, "PATH". Errors: BadImage, one line that begins with the file's name; Usage for a
// command line that is too long.
Result<LoadedKernel> load_multiboot(GuestMemory&, const BootRequest&);

// The same from bytes in memory, with names in the place of paths.
Result<LoadedKernel> load_multiboot(GuestMemory&, std::span<const std::byte> kernel, std::string_view kernel_name,
    std::string_view command_line, std::span<const ModuleBytes> modules);

} // namespace ringside
