// What an event store knows of all events before some place in it: the running sums that make any stretch of the run
// the difference of two of them.
#pragma once

#include "core/trace/event.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace ringside::visualizer {

// The end of an event; one beyond the largest tick is that.
inline uint64_t end_of(const EventRecord& record)
{
    auto end = record.time + record.duration;
    return end < record.time ? UINT64_MAX : end;
}

// The real rings that exist (0, 3, non-root, interpreted), counted through.
inline constexpr std::array<RealRing, 4> real_rings { RealRing::Ring0, RealRing::Ring3, RealRing::NonRoot,
    RealRing::Interpreted };
inline constexpr std::optional<uint8_t> real_ring_index(uint32_t ring)
{
    for (uint8_t i = 0; i < real_rings.size(); ++i) {
        if (ring == static_cast<uint32_t>(real_rings[i]))
            return i;
    }
    return std::nullopt;
}

// Where the guest is, since when, and how long it was in each place before; in ticks.
struct RingSums {
    std::array<uint64_t, 4> time {};
    uint64_t since = 0;
    uint8_t ring = 0;

    void enter(uint8_t next, uint64_t moment)
    {
        if (moment > since) {
            time[ring] += moment - since;
            since = moment;
        }
        ring = next;
    }
    uint64_t time_until(uint8_t which, uint64_t moment) const
    {
        return time[which] + (which == ring && moment > since ? moment - since : 0);
    }
};

// The rings change by what core/trace/ring_spans.hpp says.
struct EventSums {
    uint64_t key = 0; // the latest end so far
    std::array<uint64_t, event_kind_count> counts {};
    RingSums virtual_ring;
    RingSums real_ring; // by index in real_rings

    void begin_with(const EventRecord& first)
    {
        virtual_ring = { .time = {}, .since = first.time, .ring = static_cast<uint8_t>(first.virtual_ring & 3) };
        real_ring = { .time = {}, .since = first.time,
            .ring = real_ring_index(static_cast<uint32_t>(first.real_ring)).value_or(0) };
    }

    void add(const EventRecord& record)
    {
        ++counts[static_cast<std::size_t>(record.kind)];
        auto end = end_of(record);
        key = end > key ? end : key;
        if (record.kind == EventKind::RingChange || record.kind == EventKind::RealRingChange
            || record.kind == EventKind::StrategySwitch)
            change_rings(record);
    }

private:
    void change_rings(const EventRecord& record)
    {
        bool real_only = record.kind == EventKind::RealRingChange;
        auto real = real_ring_index(real_only ? record.b : static_cast<uint32_t>(record.real_ring));
        if (real)
            real_ring.enter(*real, record.time);
        if (!real_only)
            virtual_ring.enter((record.kind == EventKind::RingChange ? record.b : record.virtual_ring) & 3, record.time);
    }
};

}
