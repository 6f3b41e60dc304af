// Runs of events for the tests of the models, and sums that are made the slow way.
#pragma once

#include "tests/catch.hpp"
#include "visualizer/model/event_store.hpp"

#include <algorithm>
#include <random>
#include <vector>

namespace ringside::visualizer::test {

inline EventRecord exit_at(uint64_t begin, uint32_t duration, EventKind kind = EventKind::PortWrite)
{
    return { .time = begin, .duration = duration, .kind = kind };
}

inline EventRecord ring_change(uint64_t time, uint8_t from, uint8_t to)
{
    return { .time = time, .kind = EventKind::RingChange, .virtual_ring = to, .real_ring = RealRing::Ring3, .a = from, .b = to };
}

// As a recorder makes them: ordered by their ends; exits of several reasons, events during exits, ring changes, waits.
inline std::vector<EventRecord> random_run(std::size_t count, uint32_t seed)
{
    constexpr std::array kinds { EventKind::PortWrite, EventKind::PortRead, EventKind::Exception, EventKind::Halt,
        EventKind::ShadowFill };
    std::mt19937 random(seed);
    auto below = [&](uint32_t limit) { return static_cast<uint32_t>(random() % limit); };
    std::vector<EventRecord> events;
    uint64_t now = 1000;
    uint8_t ring = 0;
    while (events.size() < count) {
        now += below(50);
        if (below(3) == 0) {
            auto next = static_cast<uint8_t>(below(4));
            events.push_back(ring_change(now, ring, next));
            ring = next;
            continue;
        }
        auto duration = below(below(20) == 0 ? 5000 : 40);
        auto begin = now;
        for (auto inner = below(3); inner > 0 && duration > 0; --inner) {
            now += below(duration - static_cast<uint32_t>(now - begin) + 1);
            events.push_back({ .time = now, .kind = EventKind::InterruptLine, .virtual_ring = ring });
        }
        now = begin + duration;
        events.push_back(exit_at(begin, duration, kinds[below(kinds.size())]));
    }
    events.resize(count);
    return events;
}

inline uint64_t overlap(const EventRecord& event, TickRange range)
{
    auto begin = std::max(event.time, range.begin), end = std::min(event.time + event.duration, range.end);
    return end > begin ? end - begin : 0;
}

// For runs whose exits do not overlap.
inline EventSummary slow_summary(const std::vector<EventRecord>& events, TickRange range)
{
    EventSummary summary;
    uint64_t since = events.front().time, last = 0;
    unsigned ring = events.front().virtual_ring;
    auto stay = [&](uint64_t until) {
        auto begin = std::max(since, range.begin), end = std::min(until, range.end);
        summary.in_ring[ring] += end > begin ? end - begin : 0;
    };
    for (const auto& event : events) {
        auto end = event.time + event.duration;
        last = std::max(last, end);
        bool within = end >= range.begin && end < range.end;
        summary.events.begin += end < range.begin;
        summary.events.end += end < range.end;
        summary.counts[static_cast<std::size_t>(event.kind)] += within;
        if (event.kind == EventKind::RingChange) {
            stay(event.time);
            since = event.time;
            ring = event.b;
        } else if (event.kind == EventKind::Halt) {
            summary.halted += overlap(event, range);
        } else {
            summary.in_monitor += overlap(event, range);
            summary.longest_exit = std::max(summary.longest_exit, within ? event.duration : 0);
        }
    }
    stay(last);
    return summary;
}

inline EventStore store_of(const std::vector<EventRecord>& events)
{
    EventStore store;
    store.append(events);
    return store;
}

}
