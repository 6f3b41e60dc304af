// How much of the time up to a moment lies within intervals that come one after another, each ending later than the one
// before (as exits do in a trace). What two of them cover counts once.
//
// Held are disjoint intervals, each as its end and the time covered up to there; its beginning follows:
//
//   interval k covers  [end(k) - (covered(k) - covered(k - 1)), end(k))
#pragma once

#include "visualizer/model/chunked_vector.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace ringside::visualizer {

class CoveredTime {
public:
    struct Interval {
        uint64_t begin = 0;
        uint64_t end = 0;
        bool operator==(const Interval&) const = default;
    };

    // An interval that ends before others finds its place among the last 64 disjoint ones; one that is later than that
    // is left out. An empty interval covers nothing.
    void add(uint64_t begin, uint64_t end)
    {
        if (begin >= end)
            return;
        if (m_marks.empty() || begin >= m_marks.back().end)
            push(begin, end);
        else
            insert(begin, end);
    }

    uint64_t covered_until(uint64_t moment) const;
    // The disjoint interval that the moment lies in.
    std::optional<Interval> interval_at(uint64_t moment) const;

private:
    struct Mark {
        uint64_t end;
        uint64_t covered;
    };
    static constexpr std::size_t block = 64; // marks, for which there is one number to search among

    void push(uint64_t begin, uint64_t end);
    void pop();
    void insert(uint64_t begin, uint64_t end);
    Interval interval(uint64_t index) const;
    uint64_t covered_before(uint64_t index) const { return index == 0 ? 0 : m_marks[index - 1].covered; }
    uint64_t first_ending_after(uint64_t moment) const;

    ChunkedVector<Mark, 4096> m_marks;
    std::vector<uint64_t> m_block_ends; // of the first mark of each block
};

}
