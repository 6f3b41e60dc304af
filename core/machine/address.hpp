// Guest addresses are types, not integers, so that one kind is never taken for another (SDM 3A §3.1).
//
//   Gla  guest-linear:   after segmentation, before paging; 32 bits
//   Gpa  guest-physical: after paging; up to 36 bits with PAE
//
// There is no arithmetic from here into host pointers: GuestMemory is the one door.
#pragma once

#include <compare>
#include <cstdint>

namespace ringside {

inline constexpr uint32_t page_size = 4096;

struct Gpa {
    uint64_t value = 0;

    constexpr Gpa() = default;
    constexpr explicit Gpa(uint64_t v)
        : value(v)
    {
    }
    constexpr auto operator<=>(const Gpa&) const = default;
    constexpr Gpa operator+(uint64_t offset) const { return Gpa { value + offset }; }
};

struct Gla {
    uint32_t value = 0;

    constexpr Gla() = default;
    constexpr explicit Gla(uint32_t v)
        : value(v)
    {
    }
    constexpr auto operator<=>(const Gla&) const = default;
    // Linear addresses wrap at 4 GiB (SDM 3A §3.3.5).
    constexpr Gla operator+(uint32_t offset) const { return Gla { value + offset }; }
    constexpr uint32_t page_offset() const { return value % page_size; }
};

}
