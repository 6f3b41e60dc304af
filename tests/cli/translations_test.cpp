// Binary rewriting, seen from outside: its events in a trace, its counters with the statistics.
#include "core/trace/trace_file.hpp"
#include "tests/catch.hpp"
#include "tests/support/command.hpp"
#include "tests/support/guests.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

using namespace ringside;
using namespace ringside::test;

namespace {

bool rewriting_is_available()
{
    auto list = nlohmann::json::parse(run_program({ "strategies", "--json" }).output, nullptr, false);
    for (const auto& strategy : list) {
        if (strategy["name"] == "rewriting" && strategy["available"])
            return true;
    }
    WARN("rewriting is not available here");
    return false;
}

struct Recorded {
    std::vector<EventRecord> events;
    TraceTotals totals;

    std::vector<EventRecord> of(EventKind kind) const
    {
        std::vector<EventRecord> some;
        std::ranges::copy_if(events, std::back_inserter(some), [kind](const auto& event) { return event.kind == kind; });
        return some;
    }
};

Recorded recorded(const std::string& guest, const Scratch& scratch)
{
    auto run = run_program({ "run", guest, "--strategy", "rewriting", "--quiet", "--trace", scratch.path("t") });
    INFO(run.errors);
    REQUIRE(run.status == 0);
    auto reader = TraceReader::open(scratch.path("t"));
    REQUIRE(reader);
    Recorded result { read_all(*reader), {} };
    REQUIRE(reader->totals());
    REQUIRE(reader->totals()->dropped == 0);
    result.totals = *reader->totals();
    return result;
}

nlohmann::json result_of(const std::string& guest, const std::string& strategy)
{
    Scratch scratch;
    auto run = run_program({ "run", guest, "--strategy", strategy, "--quiet", "--json", scratch.path("j") });
    REQUIRE(run.status == 0);
    return nlohmann::json::parse(content_of(scratch.path("j")), nullptr, false);
}

bool has(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

}

TEST_CASE("a trace of rewriting tells which code was translated, and how translations were chained", "[cli][rewriting]")
{
    if (!rewriting_is_available())
        return;
    Scratch scratch;
    auto run = recorded("hello", scratch);
    auto translated = run.of(EventKind::BlockTranslated);
    REQUIRE(translated.size() > 100);
    std::set<std::pair<uint8_t, uint64_t>> known;
    for (const auto& event : translated) {
        CAPTURE(event.a, event.b, event.c);
        CHECK(event.eip == event.a);
        CHECK((event.virtual_ring == 0 || event.virtual_ring == 3));
        CHECK(event.real_ring == RealRing::Ring3);
        CHECK(event.c >= 1);
        CHECK(event.c <= 64);
        CHECK(event.b > event.c);
        known.emplace(event.virtual_ring, event.a);
    }
    CHECK(known.contains({ uint8_t { 0 }, 0x0010000C })); // where bantam begins
    CHECK(std::ranges::any_of(known, [](const auto& one) { return one.first == 3; }));
    auto chained = run.of(EventKind::BlockChained);
    CHECK(chained.size() > 50);
    for (const auto& event : chained) {
        CHECK(known.contains({ event.virtual_ring, event.a }));
        CHECK(known.contains({ event.virtual_ring, event.b }));
    }
    CHECK(run.totals[EventKind::BlockTranslated].count == translated.size());
    CHECK(run.totals[EventKind::BlockChained].count == chained.size());

    auto lines = run_program({ "trace", scratch.path("t"), "--to", "jsonl", "--output", "-" }).output;
    CHECK(has(lines, "\"event\":\"block-translated\""));
    CHECK(has(lines, "\"from_block\":"));
    auto chrome = run_program({ "trace", scratch.path("t"), "--to", "chrome", "--output", "-" }).output;
    CHECK(has(chrome, "\"name\":\"block-chained\""));
}

TEST_CASE("a trace tells where a guest has changed its own code", "[cli][rewriting]")
{
    if (!rewriting_is_available())
        return;
    Scratch scratch;
    auto run = recorded(guest("modify"), scratch);
    auto invalidated = run.of(EventKind::BlockInvalidated);
    REQUIRE(invalidated.size() >= 3);
    for (const auto& event : invalidated) {
        CHECK(event.a >= 0x100020);
        CHECK(event.a < 0x101000);
        CHECK(event.b == 0x100);
        CHECK(event.c == static_cast<uint32_t>(InvalidationCause::SourceWritten));
    }
    // The loop's block dies after its translation, and is translated again.
    auto loop = invalidated.back().a;
    auto translations = run.of(EventKind::BlockTranslated);
    CHECK(std::ranges::count(translations, loop, &EventRecord::a) >= 2);
    auto story = run_program({ "run", guest("modify"), "--strategy", "rewriting", "--story" }).errors;
    CHECK(has(story, "the kernel's code at 0x00100020 is translated: 7 instructions, now "));
    CHECK(has(story, "the translation of 0x00100020, in frame 0x100, is given up: source written"));
}

TEST_CASE("a trace tells when translated code is out of sight and when it is back", "[cli][rewriting]")
{
    if (!rewriting_is_available())
        return;
    Scratch scratch;
    auto run = recorded("switches", scratch);
    auto dormant = run.of(EventKind::CodeDormant), awake = run.of(EventKind::CodeAwake);
    CHECK(dormant.size() > 10);
    CHECK(awake.size() > 10);
    CHECK(awake.size() <= dormant.size());
    for (const auto& event : dormant) {
        CHECK(event.a % 4096 == 0);
        CHECK(event.c > 0);
    }
    std::set<std::pair<uint64_t, uint32_t>> slept;
    for (const auto& event : dormant)
        slept.emplace(event.a, event.b);
    for (const auto& event : awake)
        CHECK(slept.contains({ event.a, event.b }));
}

TEST_CASE("the counters of translated code come with the statistics, and with the result for programs", "[cli][rewriting]")
{
    if (!rewriting_is_available())
        return;
    auto run = run_program({ "run", "hello", "--strategy", "rewriting", "--stats" });
    CHECK(run.status == 0);
    CHECK(widest_line(run.errors) <= 80);
    CHECK(has(run.errors, "\nTranslated code\nTranslated       "));
    CHECK(has(run.errors, "\nby instruction   OUT "));
    CHECK(has(run.errors, "block-translated "));
    CHECK_FALSE(has(run_program({ "run", "hello", "--stats" }).errors, "Translated code"));

    auto counters = result_of("hello", "rewriting")["translations"];
    uint64_t by_instruction = 0;
    for (const auto& calls : counters["callers"])
        by_instruction += calls.get<uint64_t>();
    const auto& calls = counters["calls"];
    CHECK(by_instruction > 0);
    CHECK(by_instruction == calls["executed"].get<uint64_t>() + calls["retaken"].get<uint64_t>() + calls["refused"].get<uint64_t>());
    CHECK(calls["table_misses"] > 0);
    CHECK(calls["unlinked"] >= counters["links"]);
    CHECK(counters["callers"]["OUT"] > 0);
    CHECK(result_of("hello", "emulation")["translations"].is_null());
}

TEST_CASE("system calls that need no monitor are counted", "[cli][rewriting]")
{
    if (!rewriting_is_available())
        return;
    Scratch scratch; // statistics would bring each of them to the monitor
    REQUIRE(run_program({ "disasm", "syscalls", "--json", scratch.path("j") }).status == 0);
    auto counters = nlohmann::json::parse(content_of(scratch.path("j")), nullptr, false)["counters"];
    CHECK(counters["crossings"] > 10'000);
    CHECK(counters["callers"]["INT n"] < 10'000);
    CHECK(result_of("syscalls", "rewriting")["translations"]["crossings"] == 0);
}

TEST_CASE("an instruction that reaches a device again and again asks the monitor instead of trapping", "[cli][rewriting]")
{
    if (!rewriting_is_available())
        return;
    Scratch scratch;
    auto outcome = run_program({ "run", "mmio", "--strategy", "rewriting", "--json", scratch.path("j"), "--trace", scratch.path("t") });
    CHECK(outcome.status == 0);
    auto translations = nlohmann::json::parse(content_of(scratch.path("j")))["translations"];
    CHECK(translations["callers"]["device access"] > 29'000);
    CHECK(translations["stops"] < 1000);
    auto trace = run_program({ "trace", scratch.path("t"), "--to", "jsonl", "--output", "-" }).output;
    CHECK(has(trace, "reaches a device"));
    auto listing = run_program({ "disasm", "mmio", "--all" }).output;
    CHECK(has(listing, "callout: Reaches a device"));
}
