// `ringside doctor`: what this host offers, and what would make it offer more.
#include "cli/commands.hpp"
#include "cli/host_facts.hpp"
#include "cli/messages.hpp"
#include "cli/output.hpp"
#include "cli/run_report.hpp"
#include "core/machine/strategy.hpp"
#include "core/session/scenario.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>

namespace ringside {

namespace {

struct GuestFiles {
    std::string scenarios_directory;
    std::string guests_directory;
    std::size_t scenarios = 0;
    std::vector<std::string> missing; // names of scenarios whose kernel is not there
};

GuestFiles look_for_guests()
{
    auto library = ScenarioLibrary::of_this_program();
    GuestFiles files { library.scenarios_directory().string(), library.guests_directory().string(), 0, {} };
    for (const auto& name : library.names()) {
        auto scenario = library.load(name);
        ++files.scenarios;
        if (!scenario || access(scenario->boot.kernel_path.c_str(), R_OK) != 0)
            files.missing.push_back(name);
    }
    return files;
}

nlohmann::json doctor_json(const std::vector<HostFact>& facts, const GuestFiles& files)
{
    nlohmann::json host = nlohmann::json::object();
    for (const auto& fact : facts)
        host[fact.key] = fact.value;
    auto strategies = nlohmann::json::array();
    for (const auto& entry : all_strategies()) {
        auto availability = entry.probe();
        strategies.push_back({ { "name", entry.info().name }, { "available", availability.available },
            { "detail", availability.detail }, { "remedy", availability.remedy } });
    }
    return {
        { "host", host },
        { "strategies", strategies },
        { "scenarios",
            { { "directory", files.scenarios_directory }, { "guests", files.guests_directory },
                { "count", files.scenarios }, { "without_kernel", files.missing } } },
    };
}

std::string strategies_text(const Style& style)
{
    std::string text;
    for (const auto& entry : all_strategies()) {
        auto availability = entry.probe();
        auto verdict = availability.available ? "yes" : "no ";
        text += fmt::format(
            "  {:<13} {}  {}\n", entry.info().name, style.paint(Color::Bold, verdict), availability.detail);
        if (!availability.remedy.empty())
            text += fmt::format("  {:<13}      {}\n", "", availability.remedy);
    }
    return text;
}

std::string doctor_text(const std::vector<HostFact>& facts, const GuestFiles& files, const Style& style)
{
    std::string text = style.paint(Color::Bold, "Host") + '\n';
    for (const auto& fact : facts)
        text += fmt::format("  {:<13} {}\n", fact.label, fact.value);
    text += style.paint(Color::Bold, "Strategies") + '\n' + strategies_text(style);
    text += style.paint(Color::Bold, "Guests") + '\n';
    text += fmt::format("  {:<13} {} in {}\n", "scenarios", files.scenarios, files.scenarios_directory);
    text += fmt::format("  {:<13} {}\n", "kernels", files.guests_directory);
    if (!files.missing.empty())
        text += fmt::format("  {:<13} {} scenarios cannot run: their kernels are missing\n", "", files.missing.size());
    return text;
}

bool any_strategy_is_available()
{
    return std::ranges::any_of(all_strategies(), [](const auto& entry) { return entry.probe().available; });
}

int examine(bool json, ColorChoice color)
{
    auto facts = host_facts();
    auto files = look_for_guests();
    int status = answer(
        json ? json_text(doctor_json(facts, files)) : doctor_text(facts, files, style_for(STDOUT_FILENO, color)));
    if (status != 0 || any_strategy_is_available())
        return status;
    return report({ ExitCode::Unavailable, "no strategy is available on this host", {} });
}

}

void add_doctor_command(Program& program)
{
    auto json = std::make_shared<bool>(false);
    auto* command = program.app.add_subcommand("doctor", "Tell what this host offers");
    command->footer(R"(Exit code 69 if no strategy can run here.

Examples:
  ringside doctor
  ringside doctor --json
)");
    command->fallthrough();
    command->add_flag("--json", *json, "For programs");
    command->callback(
        [&program, json] { program.action = [&program, json] { return examine(*json, program.color); }; });
}

}
