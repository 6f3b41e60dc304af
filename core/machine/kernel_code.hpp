// Where the instructions of a kernel or program are, as far as its file says so.
#pragma once

#include "core/machine/elf_image.hpp"
#include "core/result.hpp"

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace ringside {

// At least one, ascending by address, not overlapping:
//
//   an ELF file with section headers      the executable sections
//   an ELF file without                   the executable segments
//   another file, with address fields     all that is loaded: nothing tells code from data
//
// Errors: BadImage for what is none of these.
Result<std::vector<CodeRange>> code_ranges(std::span<const std::byte> file, std::string_view name);

}
