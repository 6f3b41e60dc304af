#include "core/trace/event.hpp"

#include "core/machine/strategy.hpp"
#include "core/trace/field_format.hpp"
#include "core/trace/strategy_names.hpp"
#include "tests/unit/trace/trace_samples.hpp"

#include <algorithm>
#include <set>

using namespace ringside;

TEST_CASE("every kind of event has a name of its own, a sentence and a source", "[trace]")
{
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < event_kind_count; ++i) {
        const auto& description = event_descriptions()[i];
        CAPTURE(description.name);
        CHECK(static_cast<std::size_t>(description.kind) == i);
        CHECK(names.insert(description.name).second);
        CHECK(std::all_of(description.name.begin(), description.name.end(),
            [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; }));
        CHECK(description.sentence.ends_with('.'));
        CHECK_FALSE(description.source.empty());
        CHECK(event_category_name(description.category) != "unknown");
    }
}

TEST_CASE("every field of every kind is one that the formatter knows", "[trace]")
{
    for (const auto& description : event_descriptions()) {
        for (auto field : description.fields) {
            CAPTURE(description.name, field);
            CHECK((field.empty() || is_known_field(field)));
        }
    }
    CHECK_FALSE(is_known_field("no such field"));
}

TEST_CASE("every strategy has a number of its own in traces", "[trace]")
{
    std::set<uint32_t> numbers;
    for (const auto& entry : all_strategies()) {
        auto number = strategy_number(entry.info().name);
        CAPTURE(entry.info().name);
        CHECK(number != 0);
        CHECK(numbers.insert(number).second);
        CHECK(strategy_name(number) == entry.info().name);
    }
    CHECK(strategy_number("magic") == 0);
    CHECK(strategy_name(0) == "unknown");
    CHECK(strategy_name(UINT64_MAX) == "unknown");
}

TEST_CASE("a kind out of range is described as unknown", "[trace]")
{
    CHECK(describe(EventKind::Count_).name == "unknown");
    CHECK(describe(static_cast<EventKind>(0xFFFF)).name == "unknown");
    CHECK(describe(EventKind::Halt).name == "halt");
}

TEST_CASE("only records with an existing kind and existing rings are valid", "[trace]")
{
    auto record = test::sample(EventKind::Halt);
    CHECK(is_valid(record));
    record.virtual_ring = 4;
    CHECK_FALSE(is_valid(record));
    record.virtual_ring = 0;
    record.real_ring = static_cast<RealRing>(1);
    CHECK_FALSE(is_valid(record));
    record.real_ring = RealRing::Ring3;
    record.kind = EventKind::Count_;
    CHECK_FALSE(is_valid(record));
}

static std::string formatted(
    std::string_view field, uint64_t value, EventRecord record = test::sample(EventKind::Exception))
{
    return format_field({ field, value }, record);
}

TEST_CASE("fields read as people name them", "[trace]")
{
    CHECK(formatted("port", 0x3F8) == "0x3f8 (COM1)");
    CHECK(formatted("port", 0x1234) == "0x1234");
    CHECK(formatted("address", 0x1000) == "0x00001000");
    CHECK(formatted("size", 1) == "1 byte");
    CHECK(formatted("size", 4) == "4 bytes");
    CHECK(formatted("vector", 14) == "#PF");
    CHECK(formatted("vector", 0x80) == "0x80");
    CHECK(formatted("vector", 8, test::sample(EventKind::ExternalInterrupt)) == "0x8");
    CHECK(formatted("irq", 4) == "4 (COM1)");
    CHECK(formatted("from", 3) == "ring 3");
    CHECK(formatted("real_to", 5) == "interpreted");
    CHECK(formatted("cause", 4) == "iret");
    CHECK(formatted("cause", UINT64_MAX) == "unknown");
    CHECK(formatted("character", 'A') == "'A'");
    CHECK(formatted("character", '\n') == "0x0a");
    CHECK(formatted("msr", 0x1B) == "0x1b (APIC base)");
    CHECK(formatted("register", 7) == "DR7");
    CHECK(formatted("control_register", 3) == "CR3");
    CHECK(formatted("segment", 2) == "SS");
    CHECK(formatted("segment", 6) == "unknown");
    CHECK(formatted("table", 1) == "IDTR");
    CHECK(formatted("flag", 1) == "set");
    CHECK(formatted("flag", 0) == "clear");
    CHECK(formatted("frame", 0x345) == "0x345");
    CHECK(formatted("blocks", 1) == "1 block");
    CHECK(formatted("instructions", 2) == "2 instructions");
    CHECK(formatted("from_block", 0x1000) == "0x00001000");
    CHECK(formatted("invalidation", 0) == "source written");
    CHECK(formatted("invalidation", 3) == "reaches a device");
    CHECK(formatted("invalidation", 4) == "unknown");
    CHECK(formatted("invalidation", UINT64_MAX) == "unknown");
}

TEST_CASE("an error code is decoded by the vector beside it", "[trace]")
{
    auto fault = test::sample(EventKind::Exception);
    fault.b = 14;
    CHECK(formatted("error_code", 0, fault) == "not present, read, from ring 0");
    CHECK(formatted("error_code", 6, fault) == "not present, write, from ring 3");
    CHECK(formatted("error_code", 0x15, fault) == "protection, fetch, from ring 3");
    CHECK(formatted("error_code", 9, fault) == "protection, read, from ring 0, reserved bit set");
    fault.b = 13;
    CHECK(formatted("error_code", 0, fault) == "0");
    CHECK(formatted("error_code", 0x1C, fault) == "selector 0x18 in the LDT");
    CHECK(formatted("error_code", 0x402, fault) == "IDT entry 0x80");
    CHECK(formatted("error_code", 0x11, fault) == "selector 0x10 in the GDT, external");
}
