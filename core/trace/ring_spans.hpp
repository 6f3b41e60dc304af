// Where the guest was: the stretches of time between ring changes, one at a time as the events come.
#pragma once

#include "core/trace/event.hpp"

#include <cstdint>
#include <optional>

namespace ringside {

// The guest was in `ring` from `begin` to `end` (ticks). `change` is the event that brought it there. The first stretch
// of a trace that does not begin with a ring change has the first event there, with the kind EventKind::Count_.
struct RingSpan {
    uint8_t ring = 0;
    uint64_t begin = 0;
    uint64_t end = 0;
    EventRecord change;
};

// Follows the virtual ring (RingChange) or the real one (RealRingChange, and what a RingChange says of it). A change of
// strategy begins a new stretch, whether the ring is another one or not.
class RingSpans {
public:
    enum class Which { Virtual, Real };
    explicit RingSpans(Which which) : m_which(which) { }

    // The stretch that this event ends, if it ends one.
    std::optional<RingSpan> feed(const EventRecord& event);
    // The stretch that the end of the trace ends.
    std::optional<RingSpan> finish();

private:
    std::optional<uint8_t> ring_after(const EventRecord& event) const;

    Which m_which;
    std::optional<RingSpan> m_current;
};

}
