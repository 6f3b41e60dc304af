#include "core/session/near_match.hpp"

#include <algorithm>
#include <vector>

namespace ringside {

namespace {

constexpr std::size_t longest_word = 64;

// The fewest insertions, deletions, replacements and swaps of neighbors: "optimal string alignment", after Damerau
// 1964.
std::size_t edits(std::string_view from, std::string_view to)
{
    std::vector<std::vector<std::size_t>> table(from.size() + 1, std::vector<std::size_t>(to.size() + 1));
    for (std::size_t i = 0; i <= from.size(); ++i)
        table[i][0] = i;
    for (std::size_t j = 0; j <= to.size(); ++j)
        table[0][j] = j;
    for (std::size_t i = 1; i <= from.size(); ++i) {
        for (std::size_t j = 1; j <= to.size(); ++j) {
            std::size_t replaced = table[i - 1][j - 1] + (from[i - 1] != to[j - 1]);
            table[i][j] = std::min({ replaced, table[i - 1][j] + 1, table[i][j - 1] + 1 });
            bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
            if (swapped)
                table[i][j] = std::min(table[i][j], table[i - 2][j - 2] + 1);
        }
    }
    return table[from.size()][to.size()];
}

}

std::string nearest(std::string_view word, std::span<const std::string> candidates)
{
    if (word.empty() || word.size() > longest_word)
        return {};
    std::size_t best = (word.size() + 2) / 3 + 1; // one slip in three characters
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
