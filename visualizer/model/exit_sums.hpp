// The sums of exits by reason, from which a ledger is made: numbers, times, and how the durations are distributed.
#pragma once

#include "core/trace/event.hpp"

#include <array>
#include <bit>
#include <cstdint>

namespace ringside::visualizer {

// Bucket b holds durations of b significant bits: 0, 1, 2..3, 4..7, ... ticks.
inline constexpr std::size_t duration_buckets = 33;
using DurationHistogram = std::array<uint64_t, duration_buckets>;
inline constexpr std::size_t duration_bucket(uint32_t ticks)
{
    return static_cast<std::size_t>(std::bit_width(ticks));
}
// The shortest duration of a bucket, in ticks.
inline constexpr uint64_t bucket_begin(std::size_t bucket)
{
    return bucket == 0 ? 0 : uint64_t { 1 } << (bucket - 1);
}

inline constexpr std::array<bool, event_kind_count> exit_kinds {
#define RINGSIDE_EVENT(identifier, name, category, ...) EventCategory::category == EventCategory::Exit,
#include "core/trace/events.inc"
#undef RINGSIDE_EVENT
};
// The kind must be one that exists (is_valid()).
inline bool is_exit(const EventRecord& record)
{
    return exit_kinds[static_cast<std::size_t>(record.kind)];
}

// Times in ticks. What is not an exit has a count and nothing else.
struct KindSums {
    uint64_t count = 0;
    uint64_t total = 0;
    uint32_t minimum = UINT32_MAX;
    uint32_t maximum = 0;
    DurationHistogram histogram {};
};

struct ExitSums {
    std::array<KindSums, event_kind_count> kinds {};

    const KindSums& operator[](EventKind kind) const { return kinds[static_cast<std::size_t>(kind)]; }

    // The kind must be one that exists (is_valid()).
    void add(const EventRecord& record)
    {
        auto& sums = kinds[static_cast<std::size_t>(record.kind)];
        ++sums.count;
        if (!is_exit(record))
            return;
        sums.total += record.duration;
        sums.minimum = record.duration < sums.minimum ? record.duration : sums.minimum;
        sums.maximum = record.duration > sums.maximum ? record.duration : sums.maximum;
        ++sums.histogram[duration_bucket(record.duration)];
    }
};

}
