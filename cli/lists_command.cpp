// `ringside strategies` and `ringside scenarios`: what there is to choose from.
#include "cli/commands.hpp"
#include "cli/messages.hpp"
#include "cli/output.hpp"
#include "cli/run_report.hpp"
#include "core/machine/strategy.hpp"
#include "core/session/scenario.hpp"

#include <fmt/format.h>
#include <memory>
#include <unistd.h>

namespace ringside {

namespace {

nlohmann::json strategy_json(const StrategyEntry& entry)
{
    const auto& info = entry.info();
    auto availability = entry.probe();
    return {
        { "name", info.name },
        { "idea", info.idea },
        { "guest", info.guest == GuestKind::Unmodified ? "unmodified" : "paravirtual" },
        { "kernel_really_in", real_ring_name(info.kernel_ring) },
        { "programs_really_in", real_ring_name(info.user_ring) },
        { "virtual_clock", info.virtual_clock },
        { "available", availability.available },
        { "detail", availability.detail },
        { "remedy", availability.remedy },
    };
}

std::string strategy_text(const StrategyEntry& entry, const Style& style)
{
    const auto& info = entry.info();
    auto availability = entry.probe();
    auto text = fmt::format("{}  {}\n", style.paint(Color::Bold, info.name), info.idea);
    text += fmt::format("  guest     {}\n", info.guest == GuestKind::Unmodified ? "unmodified" : "ported to it");
    text += fmt::format(
        "  really    kernel: {}; programs: {}\n", real_ring_name(info.kernel_ring), real_ring_name(info.user_ring));
    text += fmt::format("  here      {}{}\n", availability.available ? "" : "not available: ", availability.detail);
    if (!availability.remedy.empty())
        text += fmt::format("  remedy    {}\n", availability.remedy);
    return text;
}

int list_strategies(bool json, ColorChoice color)
{
    if (json) {
        auto list = nlohmann::json::array();
        for (const auto& entry : all_strategies())
            list.push_back(strategy_json(entry));
        return answer(json_text(list));
    }
    std::string text;
    for (const auto& entry : all_strategies())
        text += strategy_text(entry, style_for(STDOUT_FILENO, color));
    return answer(text);
}

nlohmann::json scenario_json(const Scenario& scenario)
{
    auto modules = nlohmann::json::array();
    for (const auto& module : scenario.boot.modules)
        modules.push_back({ { "path", module.path }, { "command_line", module.command_line } });
    return {
        { "name", scenario.name },
        { "title", scenario.title },
        { "kernel", scenario.boot.kernel_path },
        { "paravirtual_kernel", scenario.paravirtual_kernel },
        { "modules", modules },
        { "append", scenario.boot.command_line },
        { "memory_mib", scenario.memory_mebibytes },
        { "timeout_seconds", scenario.timeout_seconds },
        { "outcome", expected_outcome_name(scenario.ending.outcome) },
        { "reason", scenario.ending.reason },
        { "expected_console", scenario.ending.console.string() },
    };
}

// A scenario that cannot be read is said, and does not hide the others.
int list_scenarios(bool json, ColorChoice color)
{
    auto library = ScenarioLibrary::of_this_program();
    auto style = style_for(STDOUT_FILENO, color);
    auto list = nlohmann::json::array();
    std::string text;
    int status = 0;
    for (const auto& name : library.names()) {
        auto scenario = library.load(name);
        if (!scenario) {
            status = report(scenario.error());
            continue;
        }
        list.push_back(scenario_json(*scenario));
        text += style.paint(Color::Bold, fmt::format("{:<18}", name)) + scenario->title + '\n';
    }
    if (list.empty() && status == 0)
        return report(
            { ExitCode::BadImage, fmt::format("there are no scenarios in {}", library.scenarios_directory().string()),
                "set RINGSIDE_SCENARIOS to the directory that holds them" });
    int answered = answer(json ? json_text(list) : text);
    return answered != 0 ? answered : status;
}

void add_list(
    Program& program, const char* name, const char* description, const char* footer, int (*list)(bool, ColorChoice))
{
    auto json = std::make_shared<bool>(false);
    auto* command = program.app.add_subcommand(name, description);
    command->footer(footer);
    command->fallthrough();
    command->add_flag("--json", *json, "For programs");
    command->callback(
        [&program, json, list] { program.action = [&program, json, list] { return list(*json, program.color); }; });
}

}

void add_strategies_command(Program& program)
{
    add_list(program, "strategies", "List the virtualization strategies",
        R"(A strategy is a way to let a guest execute: by interpreting it, by trapping
what it may not do, by hardware. The same guest runs under each.

Examples:
  ringside strategies
  ringside run hello --strategy emulation
)",
        list_strategies);
}

void add_scenarios_command(Program& program)
{
    add_list(program, "scenarios", "List the guests that come with ringside",
        R"(A scenario is a guest kernel with its modules, its command line and the text
that its console should show. The directory is scenarios/ of the source tree, or
RINGSIDE_SCENARIOS; its kernels are in guests/ beside the program, or
RINGSIDE_GUESTS.

Examples:
  ringside scenarios
  ringside run hello
)",
        list_scenarios);
}

}
