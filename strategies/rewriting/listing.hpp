// The translation cache as `ringside disasm` shows it.
#pragma once

#include "core/machine/translation_listing.hpp"
#include "strategies/rewriting/monitor_calls.hpp"
#include "strategies/rewriting/translation_cache.hpp"

#include <cstdint>
#include <optional>

namespace ringside::rewriting {

// With an address: only the blocks that hold it.
TranslationListing listing_of(const TranslationCache& cache, const MonitorArea& area, const MonitorCalls& calls,
    std::optional<uint32_t> around = std::nullopt);

}
