// The searches of EventStore for single events.
#include "visualizer/model/event_store.hpp"

#include <algorithm>
#include <ranges>

namespace ringside::visualizer {

uint64_t EventStore::count_before(EventKind kind, uint64_t index) const
{
    if (index >= size())
        return count(kind);
    auto number = static_cast<std::size_t>(kind);
    auto group = index / group_size;
    auto result = m_chunks[group / groups_per_chunk]->before.kinds[number].count + m_groups[group].counts[number];
    for (const auto& event : m_events.stretch(group * group_size, index))
        result += event.kind == kind;
    return result;
}

uint64_t EventStore::nth_of_kind(EventKind kind, uint64_t before) const
{
    auto number = static_cast<std::size_t>(kind);
    auto chunks = std::views::iota(uint64_t { 0 }, static_cast<uint64_t>(m_chunks.size()));
    auto chunk = static_cast<uint64_t>(std::ranges::partition_point(chunks,
                                           [&](uint64_t i) { return m_chunks[i]->before.kinds[number].count <= before; })
                     - chunks.begin())
        - 1;
    auto rest = before - m_chunks[chunk]->before.kinds[number].count;
    auto first_group = chunk * groups_per_chunk;
    auto groups = std::views::iota(first_group, std::min<uint64_t>(first_group + groups_per_chunk, m_groups.size()));
    auto group = first_group
        + static_cast<uint64_t>(
            std::ranges::partition_point(groups, [&](uint64_t i) { return m_groups[i].counts[number] <= rest; })
            - groups.begin())
        - 1;
    rest -= m_groups[group].counts[number];
    auto index = group * group_size;
    for (; m_events[index].kind != kind || rest > 0; ++index)
        rest -= m_events[index].kind == kind;
    return index;
}

std::optional<uint64_t> EventStore::exit_at(uint64_t tick) const
{
    auto covers = [&](uint64_t index) {
        const auto& event = m_events[index];
        return is_exit(event) && event.time <= tick && tick < end_of(event);
    };
    auto interval = m_monitor.interval_at(tick);
    if (!interval)
        interval = m_halted.interval_at(tick);
    if (!interval)
        return std::nullopt;
    // An exit that lies within another one ends first. Between the moment and the exit's end there may be many events of
    // other kinds; the exit itself is found by its end.
    constexpr uint64_t near = 256;
    auto first = first_at_or_after(tick + 1);
    for (auto index = first; index < std::min(first + near, size()); ++index) {
        if (covers(index))
            return index;
    }
    for (auto index = first_at_or_after(interval->end); index < size() && end_of(m_events[index]) == interval->end; ++index) {
        if (covers(index))
            return index;
    }
    return std::nullopt;
}

std::optional<uint64_t> EventStore::longest_exit(IndexRange range) const
{
    auto longest = longest_between(range.begin, range.end);
    if (longest == 0)
        return std::nullopt;
    // The half that has it, again and again.
    while (range.size() > 1) {
        auto middle = range.begin + range.size() / 2;
        if (longest_between(range.begin, middle) == longest)
            range.end = middle;
        else
            range.begin = middle;
    }
    return range.begin;
}

}
