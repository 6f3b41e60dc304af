// The largest of any stretch of a growing sequence of numbers, in steps that grow with the logarithm of its length.
//
//   level 0   the numbers                     7 1 3 ... | 2 9 ...          16 to a group
//   level 1   the largest of each whole group         7 |       9 ...      16 to a group
//   level 2   ...
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringside::visualizer {

class MaximumPyramid {
public:
    void push_back(uint32_t value)
    {
        for (std::size_t level = 0;; ++level) {
            if (level == m_levels.size())
                m_levels.emplace_back();
            auto& values = m_levels[level];
            values.push_back(value);
            if (values.size() % fanout != 0)
                return;
            value = *std::max_element(values.end() - fanout, values.end());
        }
    }

    // Of the numbers from `first` to before `last`, which exist; 0 of none.
    uint32_t largest(uint64_t first, uint64_t last) const
    {
        uint32_t result = 0;
        for (std::size_t level = 0; first < last; ++level) {
            const auto* values = m_levels[level].data();
            for (; first < last && first % fanout != 0; ++first)
                result = std::max(result, values[first]);
            for (; first < last && last % fanout != 0; --last)
                result = std::max(result, values[last - 1]);
            first /= fanout;
            last /= fanout;
        }
        return result;
    }

private:
    static constexpr int fanout = 16;
    std::vector<std::vector<uint32_t>> m_levels;
};

}
