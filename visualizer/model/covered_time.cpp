#include "visualizer/model/covered_time.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace ringside::visualizer {

void CoveredTime::push(uint64_t begin, uint64_t end)
{
    auto covered = covered_before(m_marks.size()) + (end - begin);
    if (m_marks.size() % block == 0)
        m_block_ends.push_back(end);
    m_marks.push_back({ end, covered });
}

void CoveredTime::pop()
{
    m_marks.pop_back();
    if (m_marks.size() % block == 0)
        m_block_ends.pop_back();
}

CoveredTime::Interval CoveredTime::interval(uint64_t index) const
{
    const auto& mark = m_marks[index];
    return { mark.end - (mark.covered - covered_before(index)), mark.end };
}

void CoveredTime::insert(uint64_t begin, uint64_t end)
{
    std::array<Interval, 64> later;
    std::size_t count = 0;
    bool too_late = false;
    for (; !m_marks.empty() && interval(m_marks.size() - 1).begin >= end; pop()) {
        too_late = count == later.size();
        if (too_late)
            break;
        later[count++] = interval(m_marks.size() - 1);
    }
    if (!too_late) {
        for (; !m_marks.empty() && m_marks.back().end > begin; pop()) {
            auto last = interval(m_marks.size() - 1);
            begin = std::min(begin, last.begin);
            end = std::max(end, last.end);
        }
        push(begin, end);
    }
    while (count > 0) {
        --count;
        push(later[count].begin, later[count].end);
    }
}

uint64_t CoveredTime::first_ending_after(uint64_t moment) const
{
    auto next = std::upper_bound(m_block_ends.begin(), m_block_ends.end(), moment);
    if (next == m_block_ends.begin())
        return 0;
    auto first = static_cast<uint64_t>(next - m_block_ends.begin() - 1) * block;
    auto marks = m_marks.stretch(first, std::min<uint64_t>(first + block, m_marks.size()));
    auto found = std::upper_bound(
        marks.begin(), marks.end(), moment, [](uint64_t value, const Mark& mark) { return value < mark.end; });
    return first + static_cast<uint64_t>(found - marks.begin());
}

uint64_t CoveredTime::covered_until(uint64_t moment) const
{
    auto index = first_ending_after(moment);
    auto before = covered_before(index);
    if (index == m_marks.size())
        return before;
    auto begin = interval(index).begin;
    return moment > begin ? before + (moment - begin) : before;
}

std::optional<CoveredTime::Interval> CoveredTime::interval_at(uint64_t moment) const
{
    auto index = first_ending_after(moment);
    if (index == m_marks.size() || interval(index).begin > moment)
        return std::nullopt;
    return interval(index);
}

}
