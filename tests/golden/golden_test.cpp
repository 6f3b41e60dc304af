// Golden traces: what a guest makes the monitor do, event by event, against files that people have looked at.
#include "core/machine/strategy.hpp"
#include "tests/catch.hpp"
#include "tests/golden/recorded_run.hpp"
#include "tests/golden/trace_rules.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

using namespace ringside;
using namespace ringside::test;

namespace {

// Only emulation has a virtual clock. Where it is not available the tests show nothing, and say so.
bool can_record()
{
    auto availability = find_strategy("emulation")->probe();
    if (!availability.available)
        WARN("skipped: " << availability.detail);
    return availability.available;
}

struct GoldenRun {
    std::string name;
    std::string arguments;
};

const std::vector<GoldenRun> runs { { "hello", "hello" }, { "syscalls", "syscalls --append n=20" },
    { "faults", "faults --append n=5" }, { "ticks", "ticks --append n=3" } };

constexpr std::size_t golden_events = 400;
constexpr const char* accept_command = "RINGSIDE_ACCEPT=1 build/release/golden-tests";

std::string first_difference(const std::string& expected, const std::string& got)
{
    std::istringstream left(expected), right(got);
    for (unsigned number = 1;; ++number) {
        std::string left_line, right_line;
        bool more = static_cast<bool>(std::getline(left, left_line));
        more = static_cast<bool>(std::getline(right, right_line)) || more;
        if (!more)
            return "";
        if (left_line != right_line)
            return fmt::format("line {}:\n  expected {}\n  got      {}\nto accept: {}", number, left_line, right_line, accept_command);
    }
}

void compare_with_golden(const std::string& name, const std::string& text)
{
    std::filesystem::path file(std::string(RINGSIDE_SOURCE_DIR "/tests/golden/") + name + ".golden");
    if (const char* accept = std::getenv("RINGSIDE_ACCEPT"); accept && *accept) {
        std::ofstream(file, std::ios::binary) << text;
        return;
    }
    INFO(file.string());
    CHECK(first_difference(read_file(file), text) == "");
}

}

TEST_CASE("The same run under the virtual clock gives a byte-identical trace", "[golden]")
{
    if (!can_record())
        return;
    ScratchDirectory scratch;
    for (const auto& run : runs) {
        INFO(run.name);
        REQUIRE(record(run.arguments, scratch / "first") == 0);
        REQUIRE(record(run.arguments, scratch / "second") == 0);
        auto first = read_file(scratch / "first");
        REQUIRE(first.size() > 1000);
        CHECK(first == read_file(scratch / "second"));
    }
}

// `ticks` is left out: where its interrupts fall depends on the code that the guest's compiler made.
TEST_CASE("Traces are what their golden files say", "[golden]")
{
    if (!can_record())
        return;
    ScratchDirectory scratch;
    for (const auto& run : runs) {
        if (run.name == "ticks")
            continue;
        INFO(run.name);
        REQUIRE(record(run.arguments, scratch / "trace") == 0);
        compare_with_golden(run.name, normalized(read_trace(scratch / "trace"), golden_events));
    }
}

TEST_CASE("Every trace keeps the rules of events, bantam's with rings that alternate", "[golden]")
{
    if (!can_record())
        return;
    ScratchDirectory scratch;
    std::vector<std::string> arguments { "switches --append n=50", "holes", "privops --append n=50", "ports --append n=50" };
    for (const auto& run : runs)
        arguments.push_back(run.arguments);
    for (const auto& which : arguments) {
        INFO(which);
        REQUIRE(record(which, scratch / "trace") == 0);
        auto events = read_trace(scratch / "trace");
        CHECK(broken_rule(events) == "");
        auto crossings = std::count_if(events.begin(), events.end(), [](const auto& event) { return event.kind == EventKind::RingChange; });
        if (which != "privops --append n=50" && which != "ports --append n=50")
            CHECK(crossings >= 2);
    }
}

TEST_CASE("Traces of the test kernels keep the rules of events", "[golden]")
{
    if (!can_record())
        return;
    ScratchDirectory scratch;
    unsigned count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(kernels_directory())) {
        INFO(entry.path().string());
        REQUIRE(record("'" + entry.path().string() + "' --memory 32", scratch / "trace") == 0);
        CHECK(broken_rule(read_trace(scratch / "trace")) == "");
        ++count;
    }
    CHECK(count >= 7);
}

TEST_CASE("A broken rule is found", "[golden]")
{
    auto ring_change = [](uint64_t time, uint32_t from, uint32_t to) {
        return EventRecord { .time = time, .kind = EventKind::RingChange, .virtual_ring = static_cast<uint8_t>(to), .a = from, .b = to,
            .c = static_cast<uint32_t>(RingChangeCause::Iret) };
    };
    EventRecord start { .kind = EventKind::MachineStart }, stop { .time = 9, .kind = EventKind::MachineStop };
    CHECK(broken_rule(std::vector { start, ring_change(1, 0, 3), ring_change(2, 3, 0), stop }) == "");
    CHECK(broken_rule(std::vector { start, ring_change(1, 0, 3), ring_change(2, 0, 3), stop }) != "");
    CHECK(broken_rule(std::vector { start, ring_change(2, 0, 3), ring_change(1, 3, 0), stop }) != "");
    CHECK(broken_rule(std::vector { start, ring_change(1, 0, 3) }) != "");
    CHECK(broken_rule(std::vector { ring_change(1, 0, 3), start, stop }) != "");
}
