// The self-checking kernels of tests/kernels, under every strategy. A kernel prints a line for each check; "deviates" lines
// are known deviations of emulation (docs/CAVEATS.md). Under a strategy that is not equivalent to a real PC just those checks
// fail that are listed in failures/KERNEL.STRATEGY.
#include "tests/catch.hpp"
#include "tests/conformance/guest_runner.hpp"
#include "tests/conformance/variants.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <sstream>

using namespace ringside;
using namespace ringside::test;

namespace {

std::vector<std::filesystem::path> kernels()
{
    const char* guests = std::getenv("RINGSIDE_GUESTS");
    std::filesystem::path directory(guests ? guests : RINGSIDE_SOURCE_DIR "/build/release/guests");
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory.parent_path() / "kernels"))
        found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
}

// The lines that begin with `word`, one below the other.
std::string lines_with(const std::string& console, std::string_view word)
{
    std::istringstream lines(console);
    std::string found;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(word))
            found += line + "\n";
    }
    return found;
}

// What failed, without the values, which depend on the host.
std::string failures(const std::string& console)
{
    std::istringstream lines(lines_with(console, "FAILED"));
    std::string found;
    for (std::string line; std::getline(lines, line);)
        found += line.substr(0, line.find(": expected")) + "\n";
    return found;
}

bool has_summary(const std::string& console)
{
    return console.ends_with(" checks failed\n") && console.find("\n0 of ") != std::string::npos;
}

}

Result<GuestRun> run_kernel(const std::filesystem::path& kernel, const Variant& variant)
{
    auto configuration = variant.configure();
    configuration.name = kernel.filename();
    configuration.boot.kernel_path = kernel;
    configuration.timeout = std::chrono::seconds { 30 };
    return run_guest(configuration);
}

TEST_CASE("Every check of the test kernels passes, under every strategy that is equivalent to a real PC", "[conformance]")
{
    REQUIRE(kernels().size() >= 7);
    for (const auto& variant : variants(GuestKind::Unmodified)) {
        if (!find_strategy(variant.strategy)->info().equivalent)
            continue;
        for (const auto& kernel : kernels()) {
            INFO(kernel.filename().string() << ": " << variant.name());
            auto run = run_kernel(kernel, variant);
            REQUIRE(run);
            INFO("it ended: " << run->end.result.reason);
            CHECK(lines_with(run->console, "FAILED") == "");
            CHECK(has_summary(run->console));
            CHECK(exit_code(run->end) == ExitCode::Success);
        }
    }
}

TEST_CASE("Under a strategy that is not, just the checks fail that sensitive instructions spoil", "[conformance]")
{
    for (const auto& variant : variants(GuestKind::Unmodified)) {
        if (find_strategy(variant.strategy)->info().equivalent)
            continue;
        for (const auto& kernel : kernels()) {
            INFO(kernel.filename().string() << ": " << variant.name());
            if (kernel.stem() == "deviations") {
                tell_once(fmt::format("skipped: deviations under {}", variant.strategy),
                    "it lists what emulation leaves unchecked, and counts on it for its own stack");
                continue;
            }
            auto run = run_kernel(kernel, variant);
            REQUIRE(run);
            INFO("it ended: " << run->end.result.reason);
            auto listed = std::filesystem::path { RINGSIDE_SOURCE_DIR "/tests/conformance/failures" }
                / (kernel.stem().string() + "." + variant.strategy);
            CHECK(first_difference(read_file(listed), failures(run->console)) == "");
            CHECK(run->console.ends_with(" checks failed\n"));
        }
    }
}
