#include "core/machine/kernel_symbols.hpp"

#include "core/machine/elf_image.hpp"
#include "core/machine/image_file.hpp"
#include "core/machine/multiboot.hpp"

namespace ringside {

SymbolTable symbols_of_kernel(const std::string& path)
{
    auto file = ImageFile::open(path);
    if (!file || file->size() > largest_kernel_file)
        return {};
    auto bytes = file->read();
    return bytes ? SymbolTable { elf_symbols(*bytes) } : SymbolTable {};
}

}
