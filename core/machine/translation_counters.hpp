// The counters of a TranslationListing, for people and for programs.
#pragma once

#include "core/machine/translation_listing.hpp"
#include "core/trace/style.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace ringside {

// All of them, each with what it means, under headings.
std::string translation_summary(const TranslationListing& listing, const Style& style);
// A few lines, as part of `--stats`.
std::string translation_statistics(const TranslationListing& listing, const Style& style);

nlohmann::json translation_json(const TranslationListing& listing);

}
