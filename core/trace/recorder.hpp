// The recorder: counters, always on, and a ring buffer of event records, written when recording is on. Both live in one
// shared-memory block (a memfd), so that the session can watch a worker that runs, and read the last events of one that
// died.
//
//   writer  the worker's vCPU thread, and nobody else
//   reader  the session: drains records, reads counters at any time (a counter may be a few events old, never torn)
//
// When the reader is too slow, a record is dropped and the drop counted; or, with Overflow::Wait (reproducible traces),
// the writer waits for room, as long as recording is on.
//
// The reader trusts nothing in the block: the writer's process may die at any instant, and runs guest code. The reader
// keeps the capacity and its own position to itself, and the memfd is sealed so that it cannot shrink under the
// mapping.
#pragma once

#include "core/result.hpp"
#include "core/trace/event.hpp"

#include <atomic>
#include <bitset>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>
#include <x86intrin.h>

namespace ringside {

// Ticks are time-stamp counter ticks under the host clock, nanoseconds of guest time under the virtual one.
enum class TickSource : uint32_t { TimeStampCounter, Manual };
enum class Overflow : uint32_t { Drop, Wait };

struct EventCounter {
    uint64_t count = 0;
    uint64_t total = 0; // ticks, as are the next two; for exits only
    uint64_t minimum = UINT64_MAX;
    uint64_t maximum = 0;
};

// The shared block: this header, then `capacity` records (a power of two).
struct TraceBlock {
    static constexpr uint64_t expected_magic = 0x31454341'52545352; // "RSTRACE1"

    uint64_t magic = expected_magic;
    uint32_t event_kinds = event_kind_count;
    uint32_t capacity = 0;
    TickSource tick_source = TickSource::TimeStampCounter;
    Overflow overflow = Overflow::Drop;
    uint64_t ticks_per_second = 0;
    std::atomic<bool> recording { false };        // written by the session
    std::atomic<bool> exact_rings { false };      // count every ring change and time every exit although nothing is recorded
    alignas(64) std::atomic<uint64_t> head { 0 }; // records ever written; the writer's
    std::atomic<uint64_t> dropped { 0 };
    uint64_t ring_entries[4][4] = {};             // ring changes seen, [from][to]; the writer's
    uint64_t blocks = 0;                          // blocks executed, where the strategy counts them; the writer's
    uint64_t first_instruction = 0;               // tick at which the guest first ran
    uint64_t signals = 0;                         // exits for which the host raised a signal; the writer's
    uint64_t signal_cost = 0;                     // ticks that the host takes for one, there and back, measured at the start
    uint64_t host_time = 0;                       // ticks that the host takes for other ways there and back, likewise; the writer's
    alignas(64) std::atomic<uint64_t> tail { 0 }; // records ever read; the reader's
    alignas(64) EventCounter counters[event_kind_count] = {};

    EventRecord* records() { return reinterpret_cast<EventRecord*>(this + 1); }
    const EventRecord* records() const { return reinterpret_cast<const EventRecord*>(this + 1); }
};

inline constexpr uint32_t maximum_trace_capacity = 1u << 24;

// A TraceBlock in a memfd, mapped. Created by the session, opened by the worker from the descriptor it inherits.
class TraceMemory {
public:
    // `capacity`: records, a power of two up to maximum_trace_capacity.
    static Result<TraceMemory> create(uint32_t capacity, TickSource, Overflow);
    static Result<TraceMemory> open(int descriptor); // takes the descriptor; checks magic, kinds and size

    TraceMemory(TraceMemory&&) noexcept;
    TraceMemory& operator=(TraceMemory&&) noexcept;
    TraceMemory(const TraceMemory&) = delete;
    TraceMemory& operator=(const TraceMemory&) = delete;
    ~TraceMemory();

    int descriptor() const { return m_descriptor; }
    uint32_t capacity() const { return m_capacity; } // checked; not read from the block again
    TraceBlock& block() { return *m_block; }
    const TraceBlock& block() const { return *m_block; }

    // The reader's side: appends what is new to `out`, at most `limit` records, and gives their room back. Returns how
    // many were appended. A record that is_valid() refuses is left out and counted in rejected().
    std::size_t drain(std::vector<EventRecord>& out, std::size_t limit = SIZE_MAX);
    uint64_t rejected() const { return m_rejected; }
    // True once the writer's position has made no sense: the block is damaged, and nothing more is read from it.
    bool damaged() const { return m_damaged; }

private:
    TraceMemory() = default;
    static Result<TraceMemory> map(int descriptor, std::size_t bytes);

    int m_descriptor = -1;
    TraceBlock* m_block = nullptr;
    std::size_t m_bytes = 0;
    uint32_t m_capacity = 0;
    uint64_t m_tail = 0;
    uint64_t m_rejected = 0;
    bool m_damaged = false;
};

inline std::size_t drain(TraceMemory& memory, std::vector<EventRecord>& out, std::size_t limit = SIZE_MAX)
{
    return memory.drain(out, limit);
}

// The writer's side.
class Recorder {
public:
    explicit Recorder(TraceBlock& block)
        : m_block(block), m_mask(block.capacity - 1), m_manual(block.tick_source == TickSource::Manual)
    {
    }

    bool recording() const { return m_block.recording.load(std::memory_order_relaxed); }
    // True when every ring change must be reported, the quiet returns by IRET included.
    bool wants_ring_changes() const { return recording() || m_block.exact_rings.load(std::memory_order_relaxed); }

    uint64_t now() const { return m_manual ? m_manual_now : __rdtsc(); }
    void set_manual_time(uint64_t ticks) { m_manual_now = ticks; } // TickSource::Manual only

    // An event without a duration.
    void event(EventRecord record)
    {
        ++m_block.counters[static_cast<std::size_t>(record.kind)].count;
        if (!recording()) [[likely]]
            return;
        record.time = now();
        push(record);
    }

    // Exits are timed while somebody wants the figures: two readings of the time-stamp counter cost more than a port
    // access. Without, they are only counted.
    static constexpr uint64_t untimed = 1;
    uint64_t begin_exit() const { return wants_ring_changes() ? now() : untimed; }

    // An exit: `record.time` is when the monitor took over (from begin_exit()); it gives back when this is called.
    void exit(EventRecord record)
    {
        auto& counter = m_block.counters[static_cast<std::size_t>(record.kind)];
        ++counter.count;
        if (record.time == untimed) [[likely]]
            return;
        uint64_t end = now();
        uint64_t duration = end > record.time ? end - record.time : 0; // a host whose counters differ between CPUs
        add_duration(counter, duration);
        if (!recording()) [[likely]]
            return;
        record.duration = duration > UINT32_MAX ? UINT32_MAX : static_cast<uint32_t>(duration);
        push(record);
    }

    // An exit that somebody else has settled, and timed: it is over.
    void timed_exit(const EventRecord& record)
    {
        auto& counter = m_block.counters[static_cast<std::size_t>(record.kind)];
        ++counter.count;
        add_duration(counter, record.duration);
        if (recording())
            push(record);
    }
    // Exits of which only the number is known.
    void count(EventKind kind, uint64_t exits) { m_block.counters[static_cast<std::size_t>(kind)].count += exits; }

    void ring_change(
        unsigned from, unsigned to, RingChangeCause cause, uint32_t eip, RealRing real_ring, uint32_t raw = 0)
    {
        ++m_block.ring_entries[from & 3][to & 3];
        event({ .kind = EventKind::RingChange,
            .virtual_ring = static_cast<uint8_t>(to),
            .real_ring = real_ring,
            .eip = eip,
            .raw = raw,
            .a = from,
            .b = to,
            .c = static_cast<uint32_t>(cause) });
    }

    // Calls `reached` once, when an event of one of these kinds is recorded (or would be, had it room): only while recording.
    // On the writer's thread, in the middle of whatever it does. An empty set: nobody is to be called any more.
    void call_at(const std::bitset<event_kind_count>& kinds, std::function<void()> reached)
    {
        m_awaited = kinds;
        m_reached = std::move(reached);
        m_awaits = kinds.any();
    }

    TraceBlock& block() { return m_block; }
    const TraceBlock& block() const { return m_block; }

private:
    void look_for_awaited(EventKind kind)
    {
        if (kind < EventKind::Count_ && m_awaited.test(static_cast<std::size_t>(kind))) {
            m_awaits = false;
            m_reached();
        }
    }

    static void add_duration(EventCounter& counter, uint64_t duration)
    {
        counter.total += duration;
        counter.minimum = duration < counter.minimum ? duration : counter.minimum;
        counter.maximum = duration > counter.maximum ? duration : counter.maximum;
    }

    void push(const EventRecord& record)
    {
        if (m_awaits) [[unlikely]]
            look_for_awaited(record.kind);
        uint64_t head = m_block.head.load(std::memory_order_relaxed);
        if (head - m_tail_seen >= m_block.capacity) [[unlikely]] {
            if (!make_room(head))
                return;
        }
        m_block.records()[head & m_mask] = record;
        m_block.head.store(head + 1, std::memory_order_release);
    }
    // Looks at the reader's position again; waits or counts a drop when there is no room.
    bool make_room(uint64_t head);

    TraceBlock& m_block;
    uint64_t m_mask;
    uint64_t m_tail_seen = 0;
    uint64_t m_manual_now = 0;
    bool m_manual;
    bool m_awaits = false;
    std::bitset<event_kind_count> m_awaited;
    std::function<void()> m_reached;
};

// The host's time-stamp counter frequency in Hz, measured once per process against the steady clock, which takes a
// millisecond.
uint64_t time_stamp_counter_frequency();

}
