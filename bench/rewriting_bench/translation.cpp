// What translating costs: the blocks that a run of bantam translated, translated once more into an empty cache. Decoding,
// deciding, emitting, and everything by which the cache keeps a block and makes it reachable; not the walk through the
// guest's page tables, nor the exit that led there. Each time the best of some, for what disturbs the host only adds. In
// ticks of the time-stamp counter, which on today's processors has the pace of the base clock.
#include "bench/rewriting_bench/groups.hpp"
#include "bench/rewriting_bench/watched_run.hpp"
#include "strategies/rewriting/rewriting_cpu.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>

namespace ringside::bench {

namespace {

using namespace rewriting;

constexpr double most_cycles = 500;

struct Source {
    TranslationRequest request;
    std::vector<uint8_t> code;
};

// The page from the block's address on, as the strategy gives it to the translator, and the beginning of the next one.
Source source_of(const Block& block, const GuestMemory& memory)
{
    Source source;
    uint32_t offset = block.key.eip % page_size;
    std::size_t in_page = page_size - offset;
    auto append = [&](uint32_t frame, uint32_t from, std::size_t length) {
        auto bytes = memory.bytes(Gpa { uint64_t { frame } * page_size + from }, length);
        auto old = source.code.size();
        source.code.resize(old + length);
        std::memcpy(source.code.data() + old, bytes.data(), length);
    };
    append(block.key.frame, offset, in_page);
    if (block.crosses)
        append(block.second_frame, 0, longest_instruction);
    source.request.key = block.key;
    source.request.mode = block.mode;
    source.request.checks = block.checks;
    source.request.in_page = in_page;
    source.request.second_frame = block.second_frame;
    return source;
}

Result<std::vector<Source>> sources_of_a_run()
{
    auto run = WatchedRun::create("rewriting", ClockKind::Host, { "hello", "", "hello" });
    if (!run)
        return run.propagate();
    if (auto done = (*run)->run({}); !done)
        return done.propagate();
    auto& machine = (*run)->machine();
    std::vector<Source> sources;
    for (const auto& block : static_cast<RewritingCpu&>(machine.strategy()).cache().blocks()) {
        if (!block->dead)
            sources.push_back(source_of(*block, machine.engine().memory()));
    }
    return sources;
}

// Ticks for an instruction.
Result<double> translate_all(const std::vector<Source>& sources)
{
    auto area = MonitorArea::create();
    if (!area)
        return area.propagate();
    auto trace = TraceMemory::create(1, TickSource::TimeStampCounter, Overflow::Drop); // nothing is recorded
    if (!trace)
        return trace.propagate();
    Recorder recorder(trace->block());
    TranslationCache cache(*area, recorder);
    bool emptied = false;
    uint64_t begin = __rdtsc();
    for (const auto& source : sources) {
        TranslationRequest request = source.request;
        request.code = source.code;
        cache.activate(cache.translate(request, emptied));
    }
    uint64_t end = __rdtsc();
    return static_cast<double>(end - begin) / static_cast<double>(cache.counters().instructions);
}

Result<double> best_of(unsigned times, const std::vector<Source>& sources)
{
    double best = HUGE_VAL;
    for (unsigned i = 0; i < times; ++i) {
        auto ticks = translate_all(sources);
        if (!ticks)
            return ticks.propagate();
        best = std::min(best, *ticks);
    }
    return best;
}

}

Rows measure_translation(const BenchOptions& options)
{
    constexpr unsigned times = 10;
    auto sources = sources_of_a_run();
    if (!sources)
        return sources.propagate();
    std::vector<double> ticks;
    for (unsigned run = 0; run < options.runs; ++run) {
        auto one = best_of(times, *sources);
        if (!one)
            return one.propagate();
        ticks.push_back(*one);
    }
    return std::vector<BenchRow> {
        { .what = "rewriting: translation of a guest instruction", .value = median(ticks), .unit = "cyc", .against = {},
            .ratio = {}, .cpu_ratio = {}, .floor = {}, .bound = most_cycles },
    };
}

}
