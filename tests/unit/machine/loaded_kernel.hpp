// Loading what must load.
#pragma once

#include "core/machine/multiboot.hpp"
#include "tests/catch.hpp"
#include "tests/unit/machine/kernel_images.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ringside::test {

inline LoadedKernel loaded(GuestMemory& memory, const Bytes& kernel, std::string_view command_line = "",
    const std::vector<ModuleBytes>& modules = {})
{
    auto result = load_multiboot(memory, kernel, "kernel", command_line, modules);
    INFO((result ? std::string {} : result.error().message));
    REQUIRE(result);
    return *result;
}

} // namespace ringside::test
