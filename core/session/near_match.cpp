#include "core/session/near_match.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace ringside {

namespace {

constexpr std::size_t longest_word = 64;

// Levenshtein's distance, row by row.
std::size_t edits(std::string_view from, std::string_view to)
{
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t { 0 });
    for (std::size_t i = 1; i <= from.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= to.size(); ++j) {
            std::size_t replaced = diagonal + (from[i - 1] != to[j - 1]);
            diagonal = row[j];
            row[j] = std::min({ replaced, row[j] + 1, row[j - 1] + 1 });
        }
    }
    return row.back();
}

}

std::string nearest(std::string_view word, std::span<const std::string> candidates)
{
    if (word.empty() || word.size() > longest_word)
        return {};
    std::size_t best = (word.size() + 2) / 3 + 1; // one slip in three characters, two that are swapped counting as two
    std::string found;
    for (const auto& candidate : candidates) {
        std::size_t distance = edits(word, candidate);
        // What was begun and not finished is near too: "emu" for "emulation".
        if (word.size() >= 3 && candidate.starts_with(word))
            distance = std::min<std::size_t>(distance, 1);
        if (distance < best) {
            best = distance;
            found = candidate;
        }
    }
    return found;
}

}
