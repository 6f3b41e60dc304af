#include "core/trace/recorder.hpp"
#include "core/trace/totals.hpp"
#include "tests/unit/trace/trace_samples.hpp"

#include <chrono>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <sys/wait.h>
#include <thread>

using namespace ringside;
using test::make_memory;
using test::sample;

TEST_CASE("counters count although nothing is recorded", "[trace]")
{
    auto memory = make_memory(16);
    Recorder recorder(memory.block());
    recorder.event(sample(EventKind::Injection));
    recorder.set_manual_time(130);
    auto exit = sample(EventKind::PortRead);
    exit.time = 100;
    recorder.exit(exit);
    exit.time = 120;
    recorder.exit(exit);

    auto totals = totals_of(memory.block(), 500);
    CHECK(totals[EventKind::Injection].count == 1);
    CHECK(totals[EventKind::PortRead].count == 2);
    CHECK(totals[EventKind::PortRead].total == 40);
    CHECK(totals[EventKind::PortRead].minimum == 10);
    CHECK(totals[EventKind::PortRead].maximum == 30);
    CHECK(totals.elapsed == 500);
    std::vector<EventRecord> events;
    CHECK(drain(memory, events) == 0);
}

TEST_CASE("an exit that began in the future has no duration", "[trace]")
{
    auto memory = make_memory(16);
    Recorder recorder(memory.block());
    recorder.exit(sample(EventKind::PortRead)); // at 1000; the manual clock stands at 0
    CHECK(totals_of(memory.block(), 0)[EventKind::PortRead].maximum == 0);
}

TEST_CASE("a duration that 32 bits cannot hold saturates in the record and is whole in the counter", "[trace]")
{
    auto memory = make_memory(16);
    memory.block().recording = true;
    Recorder recorder(memory.block());
    recorder.set_manual_time(1ull << 40);
    auto exit = sample(EventKind::Halt);
    exit.time = 0;
    recorder.exit(exit);
    std::vector<EventRecord> events;
    REQUIRE(drain(memory, events) == 1);
    CHECK(events[0].duration == UINT32_MAX);
    CHECK(memory.block().counters[static_cast<std::size_t>(EventKind::Halt)].total == 1ull << 40);
}

TEST_CASE("events come out as they went in, in order, however often the buffer wraps", "[trace]")
{
    auto memory = make_memory(8);
    memory.block().recording = true;
    Recorder recorder(memory.block());
    std::vector<EventRecord> events;
    for (uint64_t i = 0; i < 100; ++i) {
        recorder.set_manual_time(i);
        recorder.event(sample(EventKind::GuestMarker));
        if (i % 5 == 4)
            REQUIRE(drain(memory, events) == 5);
    }
    REQUIRE(events.size() == 100);
    for (uint64_t i = 0; i < 100; ++i)
        CHECK(events[i] == sample(EventKind::GuestMarker, i));
    CHECK(memory.block().dropped == 0);
}

TEST_CASE("draining stops at the limit and goes on there", "[trace]")
{
    auto memory = make_memory(8);
    memory.block().recording = true;
    Recorder recorder(memory.block());
    for (int i = 0; i < 8; ++i)
        recorder.event(sample(EventKind::Halt));
    std::vector<EventRecord> events;
    CHECK(drain(memory, events, 3) == 3);
    CHECK(drain(memory, events, 100) == 5);
    CHECK(events.size() == 8);
}

TEST_CASE("what finds no room is dropped and counted", "[trace]")
{
    auto memory = make_memory(8);
    memory.block().recording = true;
    Recorder recorder(memory.block());
    for (int i = 0; i < 11; ++i)
        recorder.event(sample(EventKind::Halt));
    CHECK(memory.block().dropped == 3);
    std::vector<EventRecord> events;
    CHECK(drain(memory, events) == 8);
    recorder.event(sample(EventKind::Halt));
    CHECK(drain(memory, events) == 1);
    CHECK(totals_of(memory.block(), 0)[EventKind::Halt].count == 12);
}

TEST_CASE("a writer that waits loses nothing to a slow reader", "[trace]")
{
    constexpr uint64_t count = 20'000;
    auto memory = make_memory(64, Overflow::Wait);
    memory.block().recording = true;
    std::thread writer([&] {
        Recorder recorder(memory.block());
        for (uint64_t i = 0; i < count; ++i) {
            recorder.set_manual_time(i);
            recorder.event(sample(EventKind::GuestMarker));
        }
    });
    std::vector<EventRecord> events;
    while (events.size() < count) {
        if (drain(memory, events) == 0)
            std::this_thread::yield();
    }
    writer.join();
    CHECK(memory.block().dropped == 0);
    for (uint64_t i = 0; i < count; ++i)
        REQUIRE(events[i].time == i);
}

TEST_CASE("a writer that waits goes on when recording is switched off", "[trace]")
{
    auto memory = make_memory(4, Overflow::Wait);
    memory.block().recording = true;
    std::thread writer([&] {
        Recorder recorder(memory.block());
        for (int i = 0; i < 5; ++i)
            recorder.event(sample(EventKind::Halt));
    });
    while (memory.block().head < 4)
        std::this_thread::yield();
    memory.block().recording = false;
    writer.join();
    CHECK(memory.block().head == 4);
}

TEST_CASE("ring changes are counted by where from and where to", "[trace]")
{
    auto memory = make_memory(8);
    Recorder recorder(memory.block());
    CHECK_FALSE(recorder.wants_ring_changes());
    memory.block().exact_rings = true;
    CHECK(recorder.wants_ring_changes());
    recorder.ring_change(3, 0, RingChangeCause::SoftwareInterrupt, 0x1000, RealRing::Interpreted);
    auto totals = totals_of(memory.block(), 0);
    CHECK(totals.ring_entries[3][0] == 1);
    CHECK(totals.ring_entries[0][3] == 0);
    CHECK(totals.exact_rings);
}

TEST_CASE("the last events of a process that was killed can be read", "[trace]")
{
    auto memory = make_memory(64);
    memory.block().recording = true;
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        Recorder recorder(memory.block());
        for (uint64_t i = 0; i < 40; ++i) {
            recorder.set_manual_time(i);
            recorder.event(sample(EventKind::Halt));
        }
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    std::vector<EventRecord> events;
    REQUIRE(drain(memory, events) == 40);
    CHECK(events.back().time == 39);
}

TEST_CASE("a writer's position that makes no sense is found, and nothing is read", "[trace]")
{
    auto memory = make_memory(8);
    std::vector<EventRecord> events;
    memory.block().head = 9;
    CHECK(drain(memory, events) == 0);
    CHECK(memory.damaged());
    memory.block().head = 1;
    CHECK(drain(memory, events) == 0);
}

TEST_CASE("the reader believes neither the capacity nor its own position as the block has them", "[trace]")
{
    auto memory = make_memory(8);
    auto& block = memory.block();
    block.recording = true;
    Recorder recorder(block);
    for (int i = 0; i < 8; ++i)
        recorder.event(sample(EventKind::Halt));
    block.capacity = 1u << 30;
    block.tail = 1ull << 40;
    std::vector<EventRecord> events;
    CHECK(drain(memory, events) == 8);
    block.head = 1u << 20;
    CHECK(drain(memory, events) == 0);
    CHECK(memory.damaged());
}

TEST_CASE("records that are no events are left out and counted", "[trace]")
{
    auto memory = make_memory(8);
    memory.block().recording = true;
    Recorder recorder(memory.block());
    for (int i = 0; i < 3; ++i)
        recorder.event(sample(EventKind::Halt));
    std::memset(static_cast<void*>(&memory.block().records()[1]), 0xFF, sizeof(EventRecord));
    std::vector<EventRecord> events;
    CHECK(drain(memory, events) == 2);
    CHECK(memory.rejected() == 1);
}

TEST_CASE("trace memory cannot be made smaller or larger under the reader", "[trace]")
{
    auto memory = make_memory(1024);
    CHECK(ftruncate(memory.descriptor(), 0) != 0);
    CHECK(ftruncate(memory.descriptor(), 1 << 30) != 0);
}

TEST_CASE("trace memory opened from its descriptor is the same memory", "[trace]")
{
    auto memory = make_memory(8);
    auto opened = TraceMemory::open(dup(memory.descriptor()));
    REQUIRE(opened);
    memory.block().recording = true;
    Recorder recorder(opened->block());
    CHECK(recorder.recording());
    recorder.event(sample(EventKind::Halt));
    auto moved = std::move(memory);
    std::vector<EventRecord> events;
    CHECK(drain(moved, events) == 1);
}

TEST_CASE("what is not trace memory is refused", "[trace]")
{
    CHECK_FALSE(TraceMemory::create(0, TickSource::Manual, Overflow::Drop));
    CHECK_FALSE(TraceMemory::create(12, TickSource::Manual, Overflow::Drop));
    CHECK_FALSE(TraceMemory::create(1u << 31, TickSource::Manual, Overflow::Drop));
    CHECK_FALSE(TraceMemory::open(-1));
    CHECK_FALSE(TraceMemory::open(::open("/dev/null", O_RDWR)));

    auto memory = make_memory(8);
    SECTION("magic")
    {
        memory.block().magic ^= 1;
    }
    SECTION("kinds")
    {
        memory.block().event_kinds += 1;
    }
    SECTION("capacity")
    {
        memory.block().capacity = 16;
    }
    CHECK_FALSE(TraceMemory::open(dup(memory.descriptor())));
}

TEST_CASE("the time-stamp counter's frequency agrees with the clock", "[trace]")
{
    using Clock = std::chrono::steady_clock;
    auto start = Clock::now();
    auto first = __rdtsc();
    auto frequency = time_stamp_counter_frequency();
    std::this_thread::sleep_for(std::chrono::milliseconds { 20 });
    auto ticks = __rdtsc() - first;
    double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    double by_ticks = static_cast<double>(ticks) / static_cast<double>(frequency);
    CHECK(std::abs(by_ticks - seconds) < 0.02 * seconds);
}
