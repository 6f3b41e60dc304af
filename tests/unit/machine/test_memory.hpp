// Guest memory for tests of the machine.
#pragma once

#include "core/machine/guest_memory.hpp"
#include "core/verify.hpp"

#include <algorithm>
#include <utility>

namespace ringside::test {

inline GuestMemory memory_of(uint64_t mebibytes)
{
    auto memory = GuestMemory::create(mebibytes * mebibyte);
    VERIFY(memory);
    return std::move(*memory);
}

inline bool is_all(std::span<const std::byte> bytes, uint8_t value)
{
    return std::ranges::all_of(bytes, [&](std::byte each) { return each == std::byte { value }; });
}

} // namespace ringside::test
