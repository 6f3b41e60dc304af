// Scenarios: guests with a name. Each is a file scenarios/NAME.toml, beside it NAME.expected with the exact text of the
// serial console.
//
//   name = "hello"                  as the file's
//   title = "..."                   one line for people
//   kernel = "bantam.elf"           in the directory of guests
//   paravirtual_kernel = "bantam-pv.elf"   the same kernel ported to hypercalls; may be left out
//   modules = ["hello.elf"]         the same, each with its command line after a space; may be left out
//   append = "run=hello"            the kernel's command line; may be left out
//   memory = 32                     MiB
//   timeout = 20                    seconds of real time that a run may take
//   outcome = "success"             or failure, triple-fault, timeout
//   reason = ""                     what the reported reason contains; may be left out
//
//   [differs.trap]                  under this strategy the scenario ends otherwise, and that is no mistake:
//   outcome = "failure"             as above
//   reason = ""                     as above
//   why = "..."                     one line for people
//
// The text of the console under such a strategy is in NAME.STRATEGY.expected.
#pragma once

#include "core/machine/multiboot.hpp"
#include "core/machine/strategy.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ringside {

enum class ExpectedOutcome : uint8_t { Success, Failure, TripleFault, Timeout };
std::string_view expected_outcome_name(ExpectedOutcome outcome);

// How a scenario ends.
struct Ending {
    ExpectedOutcome outcome = ExpectedOutcome::Success;
    std::string reason; // what the reported reason contains
    std::filesystem::path console;
};

// A strategy under which it ends otherwise.
struct Difference {
    std::string strategy;
    std::string why;
    Ending ending;
};

struct Scenario {
    std::string name;
    std::string title;
    BootRequest boot; // paths that can be opened from here
    std::string paravirtual_kernel; // in the kernel's place where the strategy's guests are paravirtual; "": there is none
    unsigned memory_mebibytes = 32;
    unsigned timeout_seconds = 0; // 0: none
    Ending ending;
    std::vector<Difference> differences;

    // What is to be booted; Usage if there is no kernel of this kind.
    Result<BootRequest> boot_for(GuestKind kind) const;

    const Difference* difference_under(std::string_view strategy) const;
    const Ending& ending_under(std::string_view strategy) const;
};

// Errors: BadImage, "FILE:LINE: what".
Result<Scenario> parse_scenario(
    std::string_view text, const std::filesystem::path& file, const std::filesystem::path& guests);

class ScenarioLibrary {
public:
    ScenarioLibrary(std::filesystem::path scenarios, std::filesystem::path guests)
        : m_scenarios(std::move(scenarios))
        , m_guests(std::move(guests))
    {
    }
    // The ones of this build: RINGSIDE_SCENARIOS and RINGSIDE_GUESTS in the environment, or else `scenarios` of the
    // source tree and `guests` beside this program.
    static ScenarioLibrary of_this_program();

    const std::filesystem::path& scenarios_directory() const { return m_scenarios; }
    const std::filesystem::path& guests_directory() const { return m_guests; }

    std::vector<std::string> names() const; // sorted
    bool contains(std::string_view name) const;
    Result<Scenario> load(std::string_view name) const;

    // What a user names: a scenario, or the path of a Multiboot kernel (it contains '/', or is a file and no scenario).
    Result<Scenario> find_guest(const std::string& guest) const;

private:
    std::filesystem::path m_scenarios;
    std::filesystem::path m_guests;
};

}
