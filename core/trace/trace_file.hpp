// Trace files. What is written is readable to the last whole block, however the writer ended.
//
//   file      "RSTRACE\n", version (u32), 0 (u32), then blocks
//   block     type (u32), payload bytes (u32), CRC-32C (u32) of its number in the file, type, size and payload; payload
//   1 header  ticks per second and origin (u64 each), clock kind (u32), strategy, scenario (text),
//             the kinds that the writer knew (u32 count; name, category and the three field names of each),
//             symbols (u32 count; name, address, size of each)
//   2 events  EventRecords, 40 bytes each, as in memory
//   3 end     totals: tick source, exactness of rings, blocks, dropped, host, elapsed, ring entries, counters by kind
//
// Everything is little-endian; a text is its length (u32) and UTF-8 bytes. Event blocks are cut at a fixed number of
// records, so that the same events give the same bytes however they were drained. Nothing of the host gets in: no
// dates, no process numbers.
#pragma once

#include "core/machine/clock.hpp"
#include "core/result.hpp"
#include "core/trace/event.hpp"
#include "core/trace/symbols.hpp"
#include "core/trace/totals.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ringside {

struct TraceHeader {
    std::string strategy;
    std::string scenario;
    ClockKind clock = ClockKind::Host;
    TickScale scale;
    SymbolTable symbols;
};

namespace trace_format {

inline constexpr std::array<char, 8> magic { 'R', 'S', 'T', 'R', 'A', 'C', 'E', '\n' };
inline constexpr uint32_t version = 2;
inline constexpr std::size_t file_header_size = 16;
inline constexpr std::size_t block_header_size = 12;
inline constexpr std::size_t events_per_block = 4096;
inline constexpr uint32_t maximum_payload = 16u << 20;

enum class BlockType : uint32_t { Header = 1, Events = 2, End = 3 };

}

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

// Writes a trace as it comes. One that is destroyed without finish() leaves a file that reads as truncated.
class TraceWriter {
public:
    static Result<TraceWriter> create(const std::string& path, const TraceHeader& header);

    Result<void> append(std::span<const EventRecord> events);
    Result<void> finish(const TraceTotals& totals); // the rest of the events, the totals; closes the file

    uint64_t events_written() const { return m_events; } // those still held back included

private:
    TraceWriter() = default;
    Result<void> write(const void* data, std::size_t size);
    Result<void> write_block(trace_format::BlockType type, std::span<const std::byte> payload);
    Result<void> write_pending();

    std::string m_path;
    File m_file;
    uint32_t m_next_block = 0;
    uint64_t m_events = 0;
    std::vector<EventRecord> m_pending;
};

// How the readable part of a trace ends. `offset`: bytes of the file that were whole and well-formed.
struct TraceEnding {
    enum class Kind { Complete, Truncated, Damaged };
    Kind kind = Kind::Complete;
    uint64_t offset = 0;
    std::string message; // "" when complete
};

// Reads a trace block by block, so that its length does not matter. The file may be anything: whatever is not a whole,
// well-formed block ends the reading, and ending() says where and why.
class TraceReader {
public:
    static Result<TraceReader> open(const std::string& path); // an Error unless the header is whole

    const std::string& path() const { return m_path; }
    const TraceHeader& header() const { return m_header; }

    // Replaces `out` with the events of the next block; false after the last one. Events of kinds that this version
    // does not know are left out.
    bool next(std::vector<EventRecord>& out);

    // These hold once next() has said false.
    const TraceEnding& ending() const { return m_ending; }
    const std::optional<TraceTotals>& totals() const { return m_totals; } // nothing when the end is missing
    uint64_t unknown_events() const { return m_unknown_events; }

private:
    TraceReader() = default;
    struct Block {
        trace_format::BlockType type {};
        std::span<const std::byte> payload;
    };
    Result<void> read_header();
    std::optional<Block> read_block();
    bool read_events(std::span<const std::byte> payload, std::vector<EventRecord>& out);
    bool read_end(std::span<const std::byte> payload);
    bool stop(TraceEnding::Kind kind, std::string message); // false, always

    std::string m_path;
    File m_file;
    TraceHeader m_header;
    std::vector<EventKind> m_kinds; // what each number in the file means here
    std::vector<std::byte> m_buffer;
    uint32_t m_next_block = 0;
    uint64_t m_offset = 0;
    bool m_ended = false;
    TraceEnding m_ending;
    std::optional<TraceTotals> m_totals;
    uint64_t m_unknown_events = 0;
};

// Reads all of a trace into memory; for traces known to be small, and for tests.
std::vector<EventRecord> read_all(TraceReader& reader);

}
