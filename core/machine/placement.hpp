// Where a loader may still put something: page-granular ranges of guest-physical memory, taken one after the other.
// What has been taken is never given out again, so the things placed cannot overlap.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace ringside {

class Placement {
public:
    // Marks every page of [base, base + size) as taken; it may be taken in part already.
    void reserve(uint64_t base, uint64_t size);

    // The lowest free page-aligned range of `size` bytes (at least a page) in [from, to), now taken; or nothing.
    std::optional<uint32_t> place(uint64_t size, uint64_t from, uint64_t to);

private:
    struct Range {
        uint64_t begin, end; // multiples of the page size
    };
    std::vector<Range> m_taken; // ascending, disjoint and not touching
};

} // namespace ringside
