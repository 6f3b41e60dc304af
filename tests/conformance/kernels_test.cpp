// The self-checking kernels of tests/kernels, under every strategy. A kernel prints a line for each check; "deviates" lines
// are known deviations of emulation. What a strategy cannot do, or spoils, is listed in failures/KERNEL.STRATEGY
// (docs/CAVEATS.md).
#include "strategies/hardware/emulated_cpu.hpp"
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
    return console.ends_with(" checks failed\n") ? found : found + "did not come to its end\n";
}

}

// The CPU that QEMU plays has failures of its own, which show where the guest's instructions are that CPU's to execute.
bool is_cpu_of_qemu(const Variant& variant)
{
    return variant.strategy == "hardware" && cpu_is_emulated_by_qemu();
}

Result<GuestRun> run_kernel(const std::filesystem::path& kernel, const Variant& variant)
{
    auto configuration = variant.configure();
    configuration.name = kernel.filename();
    configuration.boot.kernel_path = kernel;
    configuration.timeout = std::chrono::seconds { is_cpu_of_qemu(variant) ? 12 : 30 };
    return run_guest(configuration);
}

// Kernels of which a strategy has nothing to show, with the reason; "" for the others.
std::string reason_to_leave_out(const std::filesystem::path& kernel, const Variant& variant)
{
    if (kernel.stem() == "deviations" && variant.strategy != "emulation")
        return "it lists what emulation leaves unchecked, and counts on it for its own stack";
    if (kernel.stem() == "interrupts" && is_cpu_of_qemu(variant))
        return "it compares clocks, which an emulated CPU is too slow for";
    return "";
}

// Other versions of QEMU have fewer of them, so there the list says what may fail: the lines that are not in it.
std::string not_in(const std::string& listed, const std::string& failed)
{
    std::istringstream lines(failed);
    std::string found;
    for (std::string line; std::getline(lines, line);) {
        if (("\n" + listed).find("\n" + line + "\n") == std::string::npos)
            found += line + "\n";
    }
    return found;
}

std::string listed_failures(const std::filesystem::path& kernel, const Variant& variant)
{
    auto directory = std::filesystem::path { RINGSIDE_SOURCE_DIR }
        / (is_cpu_of_qemu(variant) ? "tests/amdv/failures" : "tests/conformance/failures");
    auto file = directory / (kernel.stem().string() + "." + variant.strategy);
    return std::filesystem::exists(file) ? read_file(file) : "";
}

TEST_CASE("Of the test kernels' checks just those fail that are listed for the strategy", "[conformance]")
{
    REQUIRE(kernels().size() >= 7);
    for (const auto& variant : variants(GuestKind::Unmodified)) {
        for (const auto& kernel : kernels()) {
            if (auto reason = reason_to_leave_out(kernel, variant); !reason.empty()) {
                tell_once(fmt::format("skipped: {} under {}", kernel.stem().string(), variant.strategy), reason);
                continue;
            }
            INFO(kernel.filename().string() << ": " << variant.name());
            auto run = run_kernel(kernel, variant);
            REQUIRE(run);
            INFO("it ended: " << run->end.result.reason);
            auto listed = listed_failures(kernel, variant), failed = failures(run->console);
            if (is_cpu_of_qemu(variant))
                CHECK(not_in(listed, failed) == "");
            else
                CHECK(first_difference(listed, failed) == "");
            CHECK((exit_code(run->end) == ExitCode::Success) == failed.empty());
        }
    }
}
