// Asks the validator about every block that the rewriting strategy makes.
#pragma once

#include "strategies/rewriting/monitor_area.hpp"
#include "strategies/rewriting/translation_cache.hpp"

#include <cstddef>
#include <cstdint>

namespace ringside::test {

class BlockValidation {
public:
    explicit BlockValidation(const rewriting::TranslationCache& cache);

    // The blocks that were translated since the last call, in the window: the strategy is loaded. Prints the first that
    // are wrong.
    void check();

    uint64_t checked() const { return m_checked; }
    uint64_t wrong() const { return m_wrong; }

private:
    const rewriting::TranslationCache& m_cache;
    rewriting::MonitorArea m_area; // the addresses are those of every area
    std::size_t m_next = 0;
    uint64_t m_checked = 0, m_wrong = 0;
};

}
