// A TranslationListing on its way from a worker: one sequence of bytes, sent in as many Translations messages as it takes.
#pragma once

#include "core/machine/translation_listing.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace ringside {

inline constexpr std::size_t longest_listing = 128u << 20;

std::vector<std::byte> encode(const TranslationListing& listing);
// Trusts nothing: every index and offset of what is returned can be used. Nothing is returned for what is no listing.
std::optional<TranslationListing> decode_listing(std::span<const std::byte> bytes);

}
