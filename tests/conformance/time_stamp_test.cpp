// The ways in which rewritten code reads the time-stamp counter answer alike.
#include "core/session/scenario.hpp"
#include "tests/catch.hpp"
#include "tests/conformance/guest_runner.hpp"
#include "tests/conformance/variants.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>

using namespace ringside;
using namespace ringside::test;

namespace {

std::filesystem::path guests()
{
    const char* given = std::getenv("RINGSIDE_GUESTS");
    return given ? given : RINGSIDE_SOURCE_DIR "/build/release/guests";
}

constexpr std::array readings { TimeStampReading::Native, TimeStampReading::Inline, TimeStampReading::Callout,
    TimeStampReading::Trap };

std::vector<Variant> rewriting_variants()
{
    auto found = variants(GuestKind::Unmodified);
    std::erase_if(found, [](const Variant& variant) { return variant.strategy != "rewriting"; });
    return found;
}

}

// The time does not go back, goes on from what was written, with every carry, and #GP in ring 3 under CR4.TSD.
TEST_CASE("However RDTSC is rewritten the test kernels find nothing wrong", "[conformance]")
{
    for (const auto& variant : rewriting_variants()) {
        for (auto reading : readings) {
            for (const char* kernel : { "instructions.elf", "rings.bin" }) {
                INFO(kernel << ": " << variant.name() << ", " << static_cast<int>(reading));
                auto configuration = variant.configure();
                configuration.name = kernel;
                configuration.boot.kernel_path = guests().parent_path() / "kernels" / kernel;
                configuration.timeout = std::chrono::seconds { 30 };
                configuration.strategy_options.time_stamp = reading;
                auto run = run_guest(configuration);
                REQUIRE(run);
                INFO(run->console);
                CHECK(exit_code(run->end) == ExitCode::Success);
                CHECK(run->console.ends_with("0 checks failed\n"));
            }
        }
    }
}

TEST_CASE("However RDTSC is rewritten the scenarios that read the time print the same", "[conformance]")
{
    ScenarioLibrary library { RINGSIDE_SOURCE_DIR "/scenarios", guests() };
    for (const auto& variant : rewriting_variants()) {
        for (auto reading : readings) {
            for (const char* name : { "privops", "nanobench" }) {
                INFO(name << ": " << variant.name() << ", " << static_cast<int>(reading));
                auto scenario = library.load(name);
                REQUIRE(scenario);
                auto configuration = variant.configure();
                configuration.boot = scenario->boot_for(variant.guest).value();
                configuration.memory_bytes = scenario->memory_mebibytes * mebibyte;
                configuration.timeout = std::chrono::seconds { scenario->timeout_seconds };
                configuration.strategy_options.time_stamp = reading;
                auto run = run_guest(configuration);
                REQUIRE(run);
                CHECK(first_difference(read_file(scenario->ending_under("rewriting").console), run->console) == "");
            }
        }
    }
}
