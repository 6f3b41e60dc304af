// The self-checking kernels of tests/kernels, under every strategy. A kernel prints a line for each check; "deviates" lines
// are known deviations of emulation (docs/CAVEATS.md).
#include "tests/catch.hpp"
#include "tests/conformance/guest_runner.hpp"
#include "tests/conformance/variants.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
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

bool has_summary(const std::string& console)
{
    return console.ends_with(" checks failed\n") && console.find("\n0 of ") != std::string::npos;
}

}

TEST_CASE("Every check of the test kernels passes, under every strategy", "[conformance]")
{
    REQUIRE(kernels().size() >= 7);
    for (const auto& variant : variants()) {
        for (const auto& kernel : kernels()) {
            INFO(kernel.filename().string() << ": " << variant.name());
            auto configuration = variant.configure();
            configuration.name = kernel.filename();
            configuration.boot.kernel_path = kernel;
            configuration.timeout = std::chrono::seconds { 30 };
            auto run = run_guest(configuration);
            REQUIRE(run);
            INFO("it ended: " << run->end.result.reason);
            CHECK(lines_with(run->console, "FAILED") == "");
            CHECK(has_summary(run->console));
            CHECK(exit_code(run->end) == ExitCode::Success);
        }
    }
}
