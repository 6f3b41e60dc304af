#include "tests/differential/block_validation.hpp"

#include "strategies/rewriting/validator.hpp"

#include <fmt/format.h>

namespace ringside::test {

BlockValidation::BlockValidation(const rewriting::TranslationCache& cache)
    : m_cache(cache)
    , m_area(std::move(*rewriting::MonitorArea::create()))
{
}

void BlockValidation::check()
{
    constexpr uint64_t most_told = 12;
    const auto& blocks = m_cache.blocks();
    if (blocks.size() < m_next)
        m_next = 0; // the cache was emptied
    for (; m_next < blocks.size(); ++m_next, ++m_checked) {
        const auto& block = *blocks[m_next];
        auto* code = reinterpret_cast<const uint8_t*>(uintptr_t { block.host });
        auto wrong = rewriting::validate(m_area, block.key.ring, block.host, { code, block.size });
        if (!wrong.empty() && ++m_wrong <= most_told)
            fmt::print("block of {:08x}: {}\n", block.key.eip, wrong);
    }
}

}
