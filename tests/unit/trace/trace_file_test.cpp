#include "core/trace/byte_stream.hpp"
#include "core/trace/checksum.hpp"
#include "core/trace/trace_file.hpp"
#include "tests/unit/trace/trace_samples.hpp"

#include <cstring>

using namespace ringside;
using test::TemporaryFile;

static uint32_t checksum_of(std::string_view text)
{
    return crc32c(std::as_bytes(std::span { text }));
}

TEST_CASE("the checksum is CRC-32C", "[trace]")
{
    CHECK(checksum_of("123456789") == 0xE3069283);           // the check value of the catalogs
    CHECK(checksum_of(std::string(32, '\0')) == 0x8A9136AA); // RFC 3720 B.4
    std::string_view text = "the quick brown fox";
    CHECK(crc32c(std::as_bytes(std::span { text.substr(7) }), checksum_of(text.substr(0, 7))) == checksum_of(text));
}

TEST_CASE("the checksum is the same with and without the CPU's instruction, at every length and place", "[trace]")
{
    std::array<std::byte, 100> bytes {};
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::byte>(i * 37 + 11);
    for (std::size_t from = 0; from < 9; ++from) {
        for (std::size_t size = 0; size < 80; ++size) {
            auto part = std::span { bytes }.subspan(from, size);
            REQUIRE(crc32c(part, 0x1234567) == crc32c_by_table(part, 0x1234567));
        }
    }
    CHECK(crc32c_by_table(std::as_bytes(std::span { std::string_view { "123456789" } })) == 0xE3069283);
}

TEST_CASE("every kind of event comes back from a file as it went in", "[trace]")
{
    TemporaryFile file;
    auto events = test::one_of_each();
    test::write_trace(file.path(), events);
    auto reader = test::open_trace(file.path());
    CHECK(read_all(reader) == events);
    CHECK(reader.ending().kind == TraceEnding::Kind::Complete);
    CHECK(reader.ending().offset == file.contents().size());
    CHECK(reader.unknown_events() == 0);
}

TEST_CASE("header and totals come back from a file as they went in", "[trace]")
{
    TemporaryFile file;
    test::write_trace(file.path(), {});
    auto reader = test::open_trace(file.path());
    auto expected = test::header();
    CHECK(reader.header().strategy == expected.strategy);
    CHECK(reader.header().scenario == expected.scenario);
    CHECK(reader.header().clock == ClockKind::Virtual);
    CHECK(reader.header().scale.ticks_per_second == 1'000'000'000);
    CHECK(reader.header().symbols.symbols() == expected.symbols.symbols());

    CHECK(read_all(reader).empty());
    REQUIRE(reader.totals());
    const auto& totals = *reader.totals();
    CHECK(totals[EventKind::PortWrite].count == 5);
    CHECK(totals[EventKind::PortWrite].minimum == 10);
    CHECK(totals.ring_entries[3][0] == 9);
    CHECK(totals.exact_rings);
    CHECK(totals.blocks == 77);
    CHECK(totals.dropped == 2);
    CHECK(totals.elapsed == 123456);
}

static std::vector<EventRecord> many_events(std::size_t count)
{
    std::vector<EventRecord> events;
    for (std::size_t i = 0; i < count; ++i)
        events.push_back(test::sample(static_cast<EventKind>(i % event_kind_count), i));
    return events;
}

TEST_CASE("the bytes do not depend on how the events were handed over", "[trace]")
{
    TemporaryFile whole, pieces;
    auto events = many_events(10'000);
    test::write_trace(whole.path(), events);

    auto writer = TraceWriter::create(pieces.path(), test::header());
    REQUIRE(writer);
    for (std::size_t i = 0; i < events.size(); i += 7)
        REQUIRE(writer->append(std::span { events }.subspan(i, std::min<std::size_t>(7, events.size() - i))));
    CHECK(writer->events_written() == events.size());
    REQUIRE(writer->finish(test::totals()));
    CHECK(whole.contents() == pieces.contents());

    auto reader = test::open_trace(pieces.path());
    CHECK(read_all(reader) == events);
}

TEST_CASE("a trace whose writer was not finished is readable to the last whole block", "[trace]")
{
    TemporaryFile file;
    auto events = many_events(2 * trace_format::events_per_block + 5);
    {
        auto writer = TraceWriter::create(file.path(), test::header());
        REQUIRE(writer);
        REQUIRE(writer->append(events));
    }
    auto reader = test::open_trace(file.path());
    auto read = read_all(reader);
    CHECK(read.size() == 2 * trace_format::events_per_block);
    CHECK(reader.ending().kind == TraceEnding::Kind::Truncated);
    CHECK_FALSE(reader.totals());
}

static bool is_prefix(const std::vector<EventRecord>& part, const std::vector<EventRecord>& whole)
{
    return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

TEST_CASE("a file cut at any byte gives the events before the cut, and never reads as complete", "[trace]")
{
    TemporaryFile file;
    auto events = test::one_of_each();
    test::write_trace(file.path(), events);
    const auto bytes = file.contents();
    std::size_t opened = 0;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        file.write(bytes.substr(0, size));
        auto reader = TraceReader::open(file.path());
        if (!reader) {
            REQUIRE(reader.error().code == ExitCode::BadImage);
            continue;
        }
        ++opened;
        REQUIRE(is_prefix(read_all(*reader), events));
        REQUIRE(reader->ending().kind == TraceEnding::Kind::Truncated);
        REQUIRE(reader->ending().offset <= size);
    }
    CHECK(opened > events.size() * sizeof(EventRecord));
}

TEST_CASE("a changed byte anywhere is noticed, and only events before it are given", "[trace]")
{
    TemporaryFile file;
    auto events = test::one_of_each();
    test::write_trace(file.path(), events);
    const auto bytes = file.contents();
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (int bit : { 0, 7 }) {
            auto damaged = bytes;
            damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
            file.write(damaged);
            auto reader = TraceReader::open(file.path());
            if (!reader)
                continue;
            CAPTURE(at, bit);
            REQUIRE(is_prefix(read_all(*reader), events));
            REQUIRE(reader->ending().kind != TraceEnding::Kind::Complete);
            REQUIRE_FALSE(reader->ending().message.empty());
        }
    }
}

TEST_CASE("blocks in the wrong order are noticed", "[trace]")
{
    TemporaryFile file;
    auto events = many_events(2 * trace_format::events_per_block);
    test::write_trace(file.path(), events);
    auto bytes = file.contents();
    uint32_t header_payload;
    std::memcpy(&header_payload, bytes.data() + trace_format::file_header_size + 4, sizeof header_payload);
    auto first = trace_format::file_header_size + trace_format::block_header_size + header_payload;
    auto size = trace_format::block_header_size + trace_format::events_per_block * sizeof(EventRecord);
    auto swapped = bytes.substr(0, first) + bytes.substr(first + size, size) + bytes.substr(first, size)
        + bytes.substr(first + 2 * size);
    REQUIRE(swapped.size() == bytes.size());
    file.write(swapped);
    auto reader = test::open_trace(file.path());
    CHECK(read_all(reader).empty());
    CHECK(reader.ending().kind == TraceEnding::Kind::Damaged);
}

// A block as a writer makes it, so that tests can say anything with a right checksum.
static std::string make_block(uint32_t number, uint32_t type, std::span<const std::byte> payload)
{
    ByteWriter checked, out;
    checked.put(number);
    checked.put(type);
    checked.put(static_cast<uint32_t>(payload.size()));
    out.put(type);
    out.put(static_cast<uint32_t>(payload.size()));
    out.put(crc32c(payload, crc32c(checked.bytes())));
    std::string block(reinterpret_cast<const char*>(out.bytes().data()), out.bytes().size());
    return block.append(reinterpret_cast<const char*>(payload.data()), payload.size());
}

static std::string file_start()
{
    return std::string("RSTRACE\n\2\0\0\0\0\0\0\0", 16);
}

static ByteWriter header_with_kinds(const std::vector<std::string>& kinds)
{
    ByteWriter out;
    out.put(uint64_t { 1000 });
    out.put(uint64_t { 0 });
    out.put(uint32_t { 0 });
    out.put_text("s");
    out.put_text("g");
    out.put(static_cast<uint32_t>(kinds.size()));
    for (const auto& kind : kinds) {
        out.put_text(kind);
        for (int i = 0; i < 4; ++i)
            out.put_text("");
    }
    out.put(uint32_t { 0 });
    return out;
}

TEST_CASE("kinds of another version are known by their names; unknown ones are left out and counted", "[trace]")
{
    TemporaryFile file;
    std::vector<EventRecord> events(3, test::sample(EventKind::PortRead));
    for (uint16_t i = 0; i < 3; ++i)
        events[i].kind = static_cast<EventKind>(i);
    file.write(file_start() + make_block(0, 1, header_with_kinds({ "halt", "of-the-future", "cpuid" }).bytes())
        + make_block(1, 2, std::as_bytes(std::span { events })));
    auto reader = test::open_trace(file.path());
    auto read = read_all(reader);
    REQUIRE(read.size() == 2);
    CHECK(read[0].kind == EventKind::Halt);
    CHECK(read[1].kind == EventKind::Cpuid);
    CHECK(reader.unknown_events() == 1);
}

TEST_CASE("blocks that are nonsense under a right checksum are refused", "[trace]")
{
    TemporaryFile file;
    auto good_header = make_block(0, 1, header_with_kinds({ "halt" }).bytes());
    const std::array<std::byte, 41> odd {};
    SECTION("events that are no whole number of records")
    {
        file.write(file_start() + good_header + make_block(1, 2, odd));
    }
    SECTION("totals that are too short")
    {
        file.write(file_start() + good_header + make_block(1, 3, odd));
    }
    SECTION("an unknown type")
    {
        file.write(file_start() + good_header + make_block(1, 9, odd));
    }
    SECTION("a second header")
    {
        file.write(file_start() + good_header + make_block(1, 1, odd));
    }
    auto reader = test::open_trace(file.path());
    CHECK(read_all(reader).empty());
    CHECK(reader.ending().kind == TraceEnding::Kind::Damaged);
}

TEST_CASE("a header that is nonsense under a right checksum is refused", "[trace]")
{
    TemporaryFile file;
    ByteWriter text_beyond_end, many_kinds;
    for (auto* out : { &text_beyond_end, &many_kinds }) {
        out->put(uint64_t { 1000 });
        out->put(uint64_t { 0 });
        out->put(uint32_t { 0 });
    }
    text_beyond_end.put(UINT32_MAX);
    many_kinds.put_text("");
    many_kinds.put_text("");
    many_kinds.put(UINT32_MAX);
    SECTION("a text beyond the end")
    {
        file.write(file_start() + make_block(0, 1, text_beyond_end.bytes()));
    }
    SECTION("four billion kinds")
    {
        file.write(file_start() + make_block(0, 1, many_kinds.bytes()));
    }
    SECTION("no kinds")
    {
        file.write(file_start() + make_block(0, 1, header_with_kinds({}).bytes()));
    }
    SECTION("nothing")
    {
        file.write(file_start());
    }
    CHECK_FALSE(TraceReader::open(file.path()));
}

TEST_CASE("a file that cannot be written or read is an error in one line", "[trace]")
{
    auto written = TraceWriter::create("/nonexistent/trace", test::header());
    REQUIRE_FALSE(written);
    CHECK(written.error().message.find('\n') == std::string::npos);
    CHECK_FALSE(TraceReader::open("/nonexistent/trace"));
    CHECK_FALSE(TraceReader::open("/tmp"));
    auto full = TraceWriter::create("/dev/full", test::header());
    if (full)
        CHECK_FALSE(full->finish(test::totals()));
}

TEST_CASE("symbols name the addresses that they cover", "[trace]")
{
    SymbolTable table({ { "b", 0x200, 0x10 }, { "a", 0x100, 0 } });
    CHECK(table.name_of(0x0FF).empty());
    CHECK(table.name_of(0x100) == "a");
    CHECK(table.name_of(0x1FF) == "a+0xff");
    CHECK(table.name_of(0x20F) == "b+0xf");
    CHECK(table.name_of(0x210).empty());
}

TEST_CASE("a symbol claims nothing behind its end, and one without a size nothing behind all others", "[trace]")
{
    SymbolTable table({ { "function", 0x100, 0x40 }, { "label", 0x110, 0 }, { "mark", 0x120, 1 }, { "end", 0x140, 0 } });
    CHECK(table.name_of(0x11F) == "label+0xf");
    CHECK(table.name_of(0x120) == "mark");
    CHECK(table.name_of(0x121) == "function+0x21"); // neither the mark nor the label before it reaches there
    CHECK(table.name_of(0x140) == "end");
    CHECK(table.name_of(0x141).empty());
    CHECK(table.name_of(0xFFFF'FFFF).empty());
}

TEST_CASE("ticks become nanoseconds without overflow", "[trace]")
{
    TickScale scale { 2'596'000'000, 1000 };
    CHECK(scale.nanoseconds(2'596) == 1000);
    CHECK(scale.nanoseconds(UINT64_MAX) == UINT64_MAX / 2'596 * 1000 + 1000 * (UINT64_MAX % 2'596) / 2'596);
    CHECK(scale.since_origin(1000) == 0);
    CHECK(scale.since_origin(0) == -385);
    CHECK(TickScale { 0, 0 }.nanoseconds(5) == 5);
    CHECK(TickScale { 1, 0 }.since_origin(UINT64_MAX) == INT64_MAX);
}
