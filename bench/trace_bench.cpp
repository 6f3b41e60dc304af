// What recording costs: one event recorded, with and without a reader at work, and one event when nothing is recorded;
// beside them the floors that no recorder can go below (a bare time stamp, a bare 40-byte store, a bare counter).
//
//     trace_bench [--json FILE]
//
// The variants take turns within each round, and the figure is the median over the rounds. Exit code 1: a bound of
// issue 2 is missed.
#include "core/trace/recorder.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <ctime>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace ringside;

namespace {

constexpr uint32_t capacity = 1u << 16;
constexpr uint32_t batch = capacity / 2; // a batch fits, so that nothing is dropped when the reader sleeps
constexpr int batches = 16;
constexpr int rounds = 15;

// Keeps the compiler from merging the iterations of a loop.
void barrier()
{
    asm volatile("" ::: "memory");
}

template<typename T>
void keep(const T& value)
{
    asm volatile("" ::"r"(value));
}

struct Bench {
    TraceMemory memory;
    Recorder recorder;
    std::vector<EventRecord> drained;

    explicit Bench(TraceMemory m) : memory(std::move(m)), recorder(memory.block()) { }
};

EventRecord sample(uint32_t i)
{
    return { .kind = EventKind::PortWrite, .virtual_ring = 3, .eip = i, .a = 0x3F8, .b = 1, .c = i };
}

void empty_loop(Bench&)
{
    for (uint32_t i = 0; i < batch; ++i) {
        barrier();
        keep(i);
    }
}

void bare_time_stamp(Bench&)
{
    for (uint32_t i = 0; i < batch; ++i)
        keep(__rdtsc());
}

void bare_store(Bench& bench)
{
    auto* records = bench.memory.block().records();
    for (uint32_t i = 0; i < batch; ++i) {
        records[i & (capacity - 1)] = sample(i);
        barrier();
    }
}

void bare_counter(Bench& bench)
{
    auto& counter = bench.memory.block().counters[static_cast<std::size_t>(EventKind::PortWrite)];
    for (uint32_t i = 0; i < batch; ++i) {
        ++counter.count;
        barrier();
    }
}

void event_loop(Bench& bench)
{
    for (uint32_t i = 0; i < batch; ++i) {
        bench.recorder.event(sample(i));
        barrier();
    }
}

void exit_loop(Bench& bench)
{
    for (uint32_t i = 0; i < batch; ++i) {
        auto record = sample(i);
        record.time = bench.recorder.now();
        bench.recorder.exit(record);
        barrier();
    }
}

enum class Reader { None, Between, Concurrent };

struct Variant {
    const char* name;
    const char* meaning;
    void (*loop)(Bench&);
    bool recording;
    Reader reader;
};

constexpr std::array<Variant, 9> variants { {
    { "empty_loop", "an empty loop", empty_loop, false, Reader::None },
    { "bare_rdtsc", "floor: RDTSC alone", bare_time_stamp, false, Reader::None },
    { "bare_store", "floor: a 40-byte store alone", bare_store, false, Reader::None },
    { "bare_counter", "floor: a counter in memory alone", bare_counter, false, Reader::None },
    { "event_off", "an event, recording off", event_loop, false, Reader::None },
    { "event_on", "an event recorded, reader asleep", event_loop, true, Reader::Between },
    { "event_on_drained", "an event recorded, reader at work", event_loop, true, Reader::Concurrent },
    { "exit_off", "an exit timed, recording off", exit_loop, false, Reader::None },
    { "exit_on_drained", "an exit recorded, reader at work", exit_loop, true, Reader::Concurrent },
} };

void drain_all(Bench& bench)
{
    bench.drained.clear();
    drain(bench.memory, bench.drained);
}

// Of this thread on its CPU, so that whoever else runs on this host is not counted.
double cpu_nanoseconds()
{
    timespec time {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

double median(std::vector<double> values)
{
    auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

void wait_until_drained(const TraceBlock& block)
{
    while (block.head.load() != block.tail.load())
        std::this_thread::yield();
}

// Nanoseconds per iteration: the median of the batches.
double measure(Bench& bench, const Variant& variant)
{
    bench.memory.block().recording = variant.recording;
    std::atomic<bool> stop { false };
    std::optional<std::thread> reader;
    if (variant.reader == Reader::Concurrent) {
        reader.emplace([&] {
            while (!stop.load(std::memory_order_relaxed)) {
                drain_all(bench);
                std::this_thread::sleep_for(std::chrono::microseconds { 100 });
            }
        });
    }
    std::vector<double> samples;
    for (int i = 0; i < batches; ++i) {
        if (reader)
            wait_until_drained(bench.memory.block()); // so that the batch fits, and nothing is dropped
        double start = cpu_nanoseconds();
        variant.loop(bench);
        samples.push_back((cpu_nanoseconds() - start) / batch);
        if (variant.reader == Reader::Between)
            drain_all(bench);
    }
    stop = true;
    if (reader)
        reader->join();
    drain_all(bench);
    return median(std::move(samples));
}

std::array<double, variants.size()> measure_all(Bench& bench)
{
    std::array<std::vector<double>, variants.size()> samples;
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < variants.size(); ++i)
            samples[i].push_back(measure(bench, variants[i]));
    }
    std::array<double, variants.size()> medians {};
    std::transform(samples.begin(), samples.end(), medians.begin(), median);
    return medians;
}

struct Bound {
    const char* what;
    double nanoseconds;
    double limit;
    bool met() const { return nanoseconds <= limit; }
};

void write_json(const std::string& path, const std::array<double, variants.size()>& medians,
    const std::vector<Bound>& bounds, const Bench& bench)
{
    nlohmann::json json;
    for (std::size_t i = 0; i < variants.size(); ++i)
        json["nanoseconds"][variants[i].name] = medians[i];
    for (const auto& bound : bounds)
        json["bounds"].push_back({ { "what", bound.what }, { "value", bound.nanoseconds }, { "limit", bound.limit },
            { "met", bound.met() } });
    json["rounds"] = rounds;
    json["iterations"] = batches * batch;
    json["dropped"] = bench.memory.block().dropped.load();
    std::ofstream(path) << json.dump(2) << '\n';
}

}

int main(int argc, char** argv)
{
    if (argc != 1 && (argc != 3 || std::strcmp(argv[1], "--json") != 0)) {
        fmt::print(stderr, "usage: {} [--json FILE]\n", argv[0]);
        return static_cast<int>(ExitCode::Usage);
    }
    auto memory = TraceMemory::create(capacity, TickSource::TimeStampCounter, Overflow::Drop);
    if (!memory) {
        fmt::print(stderr, "{}\n", memory.error().message);
        return static_cast<int>(memory.error().code);
    }
    Bench bench(std::move(*memory));
    std::fill_n(bench.memory.block().records(), capacity, EventRecord {}); // touch every page before timing
    bench.drained.reserve(capacity);

    auto medians = measure_all(bench);
    fmt::print("{:<36} {:>9}\n", fmt::format("median of {} rounds", rounds), "ns each");
    for (std::size_t i = 0; i < variants.size(); ++i)
        fmt::print("{:<36} {:>9.2f}\n", variants[i].meaning, medians[i]);

    const std::vector<Bound> bounds {
        { "an event recorded, reader asleep", medians[5], 15 },
        { "an event recorded, reader at work", medians[6], 15 },
        { "recording off, above the counter alone", medians[4] - medians[3], 0.5 },
    };
    fmt::print("\n");
    bool all_met = true;
    for (const auto& bound : bounds) {
        fmt::print("{:<40} {:>6.2f} ns, bound {:>4} ns: {}\n", bound.what, bound.nanoseconds, bound.limit,
            bound.met() ? "met" : "MISSED");
        all_met = all_met && bound.met();
    }
    fmt::print("records dropped: {}\n", bench.memory.block().dropped.load());
    if (argc == 3)
        write_json(argv[2], medians, bounds, bench);
    return all_met ? 0 : 1;
}
