// ELF32 files for the i386 (System V ABI, Intel386 supplement), as kernels are linked.
#pragma once

#include "core/machine/kernel_image.hpp"
#include "core/trace/symbols.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringside {

bool is_elf(std::span<const std::byte> file);
bool is_elf64(std::span<const std::byte> file);

// The PT_LOAD segments of an executable, not yet checked against any memory, and its entry as a physical address.
//
// ELF says that e_entry is virtual; linker scripts of higher-half kernels give either kind. It is taken as virtual if
// it falls into a segment's virtual range (executable segments first) and moved by that segment's p_paddr - p_vaddr, as
// GRUB and QEMU do; an e_entry in no virtual range is physical already.
Result<KernelImage> parse_elf(std::span<const std::byte> file, std::string_view name);

// The named, defined symbols of .symtab, ascending by their (guest-linear) address; none for other files and damaged
// tables. One without a size reaches to the end of its section. Bounded: see the limits in the implementation.
std::vector<Symbol> elf_symbols(std::span<const std::byte> file);

// A part of a file that holds instructions, and where they run.
struct CodeRange {
    std::string name;
    uint32_t address = 0; // guest-linear
    std::span<const std::byte> bytes;
};
// The executable sections, as the section headers say; none if there are no headers, if they are damaged, or if sections
// overlap in the file, which no linker writes.
std::vector<CodeRange> elf_code_sections(std::span<const std::byte> file);

// The section header table and the symbol and string tables, packed into one block for the kernel to read (Multiboot
// information, flag bit 5).
struct ElfSections {
    uint32_t count = 0;
    uint32_t entry_size = 0;
    uint32_t names_index = 0;     // which section holds the section names
    std::vector<std::byte> block; // the table, then the copied sections; sh_addr of those still counts from the block
    std::vector<uint32_t> copied; // indexes of the headers whose sh_addr must be moved by the block's address

    bool present() const { return count != 0; }
};

// Nothing (present() is false) if the file has no section headers or they are damaged.
ElfSections elf_sections(std::span<const std::byte> file);
// The block as it has to be stored at guest-physical `address`.
std::vector<std::byte> sections_at(ElfSections, uint32_t address);

} // namespace ringside
