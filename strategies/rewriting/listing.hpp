// The translation cache as `ringside disasm` shows it.
#pragma once

#include "core/machine/translation_listing.hpp"
#include "strategies/rewriting/monitor_calls.hpp"
#include "strategies/rewriting/translation_cache.hpp"

namespace ringside::rewriting {

TranslationListing listing_of(const TranslationCache& cache, const MonitorArea& area, const MonitorCalls& calls);

}
