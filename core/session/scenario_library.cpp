#include "core/session/scenario.hpp"

#include "core/machine/kernel_image.hpp"
#include "core/session/near_match.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <system_error>

namespace ringside {

namespace {

constexpr std::size_t largest_file = 1 << 20;

std::filesystem::path from_environment(const char* variable, std::filesystem::path otherwise)
{
    const char* value = std::getenv(variable);
    return value && *value ? std::filesystem::path { value } : otherwise;
}

std::filesystem::path directory_of_this_program()
{
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
}

// A name that cannot lead out of the directory of scenarios.
bool is_plain_name(std::string_view name)
{
    return !name.empty() && name.size() <= 64 && name.front() != '.' && name.find('/') == std::string_view::npos
        && name.find('\0') == std::string_view::npos;
}

Unexpected unknown_guest(const std::string& guest, const ScenarioLibrary& library)
{
    auto names = library.names();
    auto near = nearest(guest, names);
    std::string hint
        = near.empty() ? "'ringside scenarios' lists the scenarios" : fmt::format("did you mean '{}'?", near);
    if (names.empty())
        hint = fmt::format("there are no scenarios in {}", printable(library.scenarios_directory().string()));
    // A name with a dot is a file's that is missing; without one it is a word that the command line does not know.
    auto code = guest.find('.') != std::string::npos ? ExitCode::BadImage : ExitCode::Usage;
    return fail(code, fmt::format("there is no scenario and no file named '{}'", printable(guest)), std::move(hint));
}

}

ScenarioLibrary ScenarioLibrary::of_this_program()
{
    return { from_environment("RINGSIDE_SCENARIOS", std::filesystem::path { RINGSIDE_SOURCE_DIR } / "scenarios"),
        from_environment("RINGSIDE_GUESTS", directory_of_this_program() / "guests") };
}

std::vector<std::string> ScenarioLibrary::names() const
{
    std::vector<std::string> names;
    std::error_code error;
    std::filesystem::directory_iterator entry(m_scenarios, error), end;
    for (; !error && entry != end; entry.increment(error)) {
        if (entry->path().extension() == ".toml")
            names.push_back(entry->path().stem().string());
    }
    std::ranges::sort(names);
    return names;
}

bool ScenarioLibrary::contains(std::string_view name) const
{
    std::error_code error;
    return is_plain_name(name)
        && std::filesystem::is_regular_file(m_scenarios / (std::string { name } + ".toml"), error);
}

Result<Scenario> ScenarioLibrary::load(std::string_view name) const
{
    auto file = m_scenarios / (std::string { name } + ".toml");
    std::ifstream in(file, std::ios::binary);
    std::string text(largest_file + 1, '\0');
    if (!is_plain_name(name) || !in)
        return fail(ExitCode::BadImage, fmt::format("cannot read the scenario {}", printable(file.string())));
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > largest_file)
        return fail(ExitCode::BadImage, fmt::format("{}: too large for a scenario", printable(file.string())));
    return parse_scenario(text, file, m_guests);
}

Result<Scenario> ScenarioLibrary::find_guest(const std::string& guest) const
{
    if (contains(guest))
        return load(guest);
    std::error_code error;
    bool is_path = guest.find('/') != std::string::npos || std::filesystem::is_regular_file(guest, error);
    if (!is_path)
        return unknown_guest(guest, *this);
    Scenario scenario;
    scenario.name = std::filesystem::path { guest }.filename().string();
    scenario.boot.kernel_path = guest;
    scenario.paravirtual_kernel = guest; // whoever names a kernel by its path knows what it is
    // What kernels of others expect: some take 224 MiB for granted. Memory that a guest never touches costs nothing.
    scenario.memory_mebibytes = 256;
    return scenario;
}

}
