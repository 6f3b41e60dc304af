#include "core/trace/recorder.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <new>
#include <sys/mman.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace ringside {

namespace {

constexpr std::size_t bytes_for(uint32_t capacity)
{
    return sizeof(TraceBlock) + std::size_t { capacity } * sizeof(EventRecord);
}

bool is_valid_capacity(uint32_t capacity)
{
    return std::has_single_bit(capacity) && capacity <= maximum_trace_capacity;
}

Unexpected fail_with_errno(const char* what)
{
    return fail(ExitCode::Unavailable, fmt::format("cannot {} trace memory: {}", what, std::strerror(errno)));
}

}

Result<TraceMemory> TraceMemory::map(int descriptor, std::size_t bytes)
{
    TraceMemory memory;
    memory.m_descriptor = descriptor;
    memory.m_bytes = bytes;
    void* mapping = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, descriptor, 0);
    if (mapping == MAP_FAILED)
        return fail_with_errno("map");
    memory.m_block = static_cast<TraceBlock*>(mapping);
    return memory;
}

Result<TraceMemory> TraceMemory::create(uint32_t capacity, TickSource source, Overflow overflow)
{
    if (!is_valid_capacity(capacity))
        return fail(ExitCode::Usage, fmt::format("a trace ring buffer of {} records is not possible", capacity),
            fmt::format("choose a power of two up to {}", maximum_trace_capacity));

    int descriptor = memfd_create("ringside-trace", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (descriptor < 0)
        return fail_with_errno("create");
    auto memory = map(descriptor, bytes_for(capacity));
    if (!memory)
        return memory;
    // A writer that shrank the file would make the reader die of SIGBUS.
    if (ftruncate(descriptor, static_cast<off_t>(bytes_for(capacity))) != 0
        || fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return fail_with_errno("size");

    auto* block = new (memory->m_block) TraceBlock;
    block->capacity = capacity;
    block->tick_source = source;
    block->overflow = overflow;
    block->ticks_per_second
        = source == TickSource::TimeStampCounter ? time_stamp_counter_frequency() : uint64_t { 1'000'000'000 };
    memory->m_capacity = capacity;
    return memory;
}

Result<TraceMemory> TraceMemory::open(int descriptor)
{
    struct stat status { };
    if (fstat(descriptor, &status) != 0)
        return fail_with_errno("examine");
    auto bytes = static_cast<std::size_t>(status.st_size);
    if (bytes < sizeof(TraceBlock)) {
        close(descriptor);
        return fail(ExitCode::Internal, fmt::format("trace memory of {} bytes is too small", bytes));
    }
    auto memory = map(descriptor, bytes);
    if (!memory)
        return memory;
    const auto& block = memory->block();
    if (block.magic != TraceBlock::expected_magic || block.event_kinds != event_kind_count
        || !is_valid_capacity(block.capacity) || bytes_for(block.capacity) != bytes)
        return fail(ExitCode::Internal, "this is not the trace memory of this version of ringside");
    memory->m_capacity = block.capacity;
    memory->m_tail = block.tail.load(std::memory_order_relaxed);
    return memory;
}

TraceMemory::TraceMemory(TraceMemory&& other) noexcept
{
    *this = std::move(other);
}

TraceMemory& TraceMemory::operator=(TraceMemory&& other) noexcept
{
    std::swap(m_descriptor, other.m_descriptor);
    std::swap(m_block, other.m_block);
    std::swap(m_bytes, other.m_bytes);
    std::swap(m_capacity, other.m_capacity);
    std::swap(m_tail, other.m_tail);
    std::swap(m_rejected, other.m_rejected);
    std::swap(m_damaged, other.m_damaged);
    return *this;
}

TraceMemory::~TraceMemory()
{
    if (m_block)
        munmap(m_block, m_bytes);
    if (m_descriptor >= 0)
        close(m_descriptor);
}

std::size_t TraceMemory::drain(std::vector<EventRecord>& out, std::size_t limit)
{
    uint64_t available = m_block->head.load(std::memory_order_acquire) - m_tail;
    m_damaged = m_damaged || available > m_capacity;
    if (m_damaged)
        return 0;
    std::size_t count = std::min<std::size_t>(available, limit);
    std::size_t before = out.size();
    for (std::size_t i = 0; i < count; ++i) {
        // Copied first, looked at afterwards: a writer gone wild may still be writing. The fence keeps the compiler from
        // looking at the original again.
        EventRecord record = m_block->records()[(m_tail + i) & (m_capacity - 1)];
        asm volatile("" : "+m"(record) : : "memory");
        if (is_valid(record))
            out.push_back(record);
        else
            ++m_rejected;
    }
    m_tail += count;
    m_block->tail.store(m_tail, std::memory_order_release);
    return out.size() - before;
}

bool Recorder::make_room(uint64_t head)
{
    constexpr auto nap = std::chrono::microseconds { 50 };
    for (;;) {
        m_tail_seen = m_block.tail.load(std::memory_order_acquire);
        if (head - m_tail_seen < m_block.capacity)
            return true;
        if (m_block.overflow == Overflow::Drop || !recording())
            break;
        std::this_thread::sleep_for(nap);
    }
    m_block.dropped.store(m_block.dropped.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return false;
}

namespace {

struct TickPair {
    uint64_t ticks = 0;
    std::chrono::steady_clock::time_point time;
};

// One moment on both clocks, of several attempts the one whose bracket is the tightest.
TickPair read_both_clocks()
{
    TickPair best;
    uint64_t tightest = UINT64_MAX;
    for (int attempt = 0; attempt < 8; ++attempt) {
        uint64_t before = __rdtsc();
        auto time = std::chrono::steady_clock::now();
        uint64_t after = __rdtsc();
        if (after - before < tightest) {
            tightest = after - before;
            best = { before + (after - before) / 2, time };
        }
    }
    return best;
}

uint64_t measure_time_stamp_counter()
{
    // Both ends are good to some 20 ns, so a millisecond gives the frequency to about 20 parts in a million.
    constexpr auto long_enough = std::chrono::milliseconds { 1 };
    TickPair first = read_both_clocks();
    TickPair last = first;
    while (last.time - first.time < long_enough)
        last = read_both_clocks();
    double seconds = std::chrono::duration<double>(last.time - first.time).count();
    return static_cast<uint64_t>(static_cast<double>(last.ticks - first.ticks) / seconds);
}

}

uint64_t time_stamp_counter_frequency()
{
    static const uint64_t frequency = measure_time_stamp_counter();
    return frequency;
}

}
