#include "core/machine/placement.hpp"

#include "core/machine/address.hpp"

#include <algorithm>

namespace ringside {

namespace {

constexpr uint64_t page_begin(uint64_t address)
{
    return address / page_size * page_size;
}

constexpr uint64_t page_end(uint64_t address)
{
    return page_begin(address + page_size - 1);
}

} // namespace

void Placement::reserve(uint64_t base, uint64_t size)
{
    Range added { page_begin(base), page_end(base + size) };
    // Swallow every range that the new one meets.
    const auto first = std::ranges::lower_bound(m_taken, added.begin, {}, &Range::end);
    auto last = first;
    for (; last != m_taken.end() && last->begin <= added.end; ++last)
        added = { std::min(added.begin, last->begin), std::max(added.end, last->end) };
    m_taken.insert(m_taken.erase(first, last), added);
}

std::optional<uint32_t> Placement::place(uint64_t size, uint64_t from, uint64_t to)
{
    const auto length = page_end(std::max<uint64_t>(size, 1));
    auto candidate = page_end(from);
    for (const auto& range : m_taken) {
        if (range.begin >= candidate && range.begin - candidate >= length)
            break;
        candidate = std::max(candidate, range.end);
    }
    if (candidate > to || to - candidate < length)
        return std::nullopt;
    reserve(candidate, length);
    return static_cast<uint32_t>(candidate);
}

} // namespace ringside
