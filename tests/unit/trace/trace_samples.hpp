// Events, files and traces for the tests of core/trace.
#pragma once

#include "core/trace/recorder.hpp"
#include "core/trace/trace_file.hpp"

#include "tests/catch.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>
#include <vector>

namespace ringside::test {

// A file's name that is free, in a directory that goes away with this object.
class TemporaryFile {
public:
    TemporaryFile()
    {
        char pattern[] = "/tmp/ringside-test-XXXXXX";
        m_directory = mkdtemp(pattern);
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile()
    {
        unlink(path().c_str());
        rmdir(m_directory.c_str());
    }
    std::string path() const { return m_directory + "/file"; }

    std::string contents() const
    {
        std::ifstream in(path(), std::ios::binary);
        return { std::istreambuf_iterator<char>(in), {} };
    }
    void write(const std::string& bytes) const { std::ofstream(path(), std::ios::binary) << bytes; }

private:
    std::string m_directory;
};

inline TraceMemory make_memory(uint32_t capacity, Overflow overflow = Overflow::Drop)
{
    auto memory = TraceMemory::create(capacity, TickSource::Manual, overflow);
    REQUIRE(memory);
    return std::move(*memory);
}

// An event with every field filled in.
inline EventRecord sample(EventKind kind, uint64_t time = 1000)
{
    return { .time = time,
        .duration = describe(kind).category == EventCategory::Exit ? 250u : 0u,
        .kind = kind,
        .virtual_ring = 3,
        .real_ring = RealRing::Interpreted,
        .eip = 0x00101234,
        .raw = 7,
        .a = 3,
        .b = 2,
        .c = 4 };
}

inline std::vector<EventRecord> one_of_each()
{
    std::vector<EventRecord> events;
    for (const auto& description : event_descriptions())
        events.push_back(sample(description.kind, 1000 * (events.size() + 1)));
    return events;
}

inline TraceHeader header()
{
    TraceHeader header;
    header.strategy = "emulation";
    header.scenario = "hello \"world\"\n\xFF";
    header.clock = ClockKind::Virtual;
    header.symbols = SymbolTable({ { "main", 0x101230, 0x20 }, { "\"quoted\"\x80", 0x102000, 0 } });
    return header;
}

inline TraceTotals totals()
{
    TraceTotals totals;
    totals.tick_source = TickSource::Manual;
    totals[EventKind::PortWrite] = { 5, 100, 10, 40 };
    totals.ring_entries[3][0] = 9;
    totals.exact_rings = true;
    totals.blocks = 77;
    totals.dropped = 2;
    totals.elapsed = 123456;
    return totals;
}

inline void write_trace(const std::string& path, const std::vector<EventRecord>& events)
{
    auto writer = TraceWriter::create(path, header());
    REQUIRE(writer);
    REQUIRE(writer->append(events));
    REQUIRE(writer->finish(totals()));
}

inline TraceReader open_trace(const std::string& path)
{
    auto reader = TraceReader::open(path);
    REQUIRE(reader);
    return std::move(*reader);
}

}
