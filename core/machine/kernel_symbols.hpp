// The names of a kernel's addresses, from its file.
#pragma once

#include "core/trace/symbols.hpp"

#include <string>

namespace ringside {

// An empty table when the file has none, or cannot be read.
SymbolTable symbols_of_kernel(const std::string& path);

}
