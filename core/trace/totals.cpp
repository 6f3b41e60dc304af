#include "core/trace/totals.hpp"

namespace ringside {

namespace {

// The writer is another process: every word is read once, and whole.
uint64_t read_once(const uint64_t& word)
{
    return __atomic_load_n(&word, __ATOMIC_RELAXED);
}

// What comes from another process may be anything.
uint64_t saturating_product(uint64_t a, uint64_t b)
{
    uint64_t product = 0;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

uint64_t saturating_sum(uint64_t a, uint64_t b)
{
    uint64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

EventCounter copy_of(const EventCounter& counter)
{
    return { read_once(counter.count), read_once(counter.total), read_once(counter.minimum),
        read_once(counter.maximum) };
}

}

TraceTotals totals_of(const TraceBlock& block, uint64_t elapsed)
{
    TraceTotals totals;
    totals.scale = { read_once(block.ticks_per_second), read_once(block.first_instruction) };
    totals.tick_source = block.tick_source == TickSource::Manual ? TickSource::Manual : TickSource::TimeStampCounter;
    for (std::size_t kind = 0; kind < event_kind_count; ++kind)
        totals.counters[kind] = copy_of(block.counters[kind]);
    for (std::size_t from = 0; from < 4; ++from) {
        for (std::size_t to = 0; to < 4; ++to)
            totals.ring_entries[from][to] = read_once(block.ring_entries[from][to]);
    }
    totals.exact_rings
        = block.recording.load(std::memory_order_relaxed) || block.exact_rings.load(std::memory_order_relaxed);
    totals.rings_unseen = block.rings_unseen;
    totals.blocks = read_once(block.blocks);
    totals.dropped = block.dropped.load(std::memory_order_relaxed);
    totals.host = saturating_sum(
        saturating_product(read_once(block.signals), read_once(block.signal_cost)), read_once(block.host_time));
    totals.elapsed = elapsed;
    return totals;
}

}
