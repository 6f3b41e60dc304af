#include "cli/run_options.hpp"

#include "cli/switch_list.hpp"
#include "core/machine/kernel_image.hpp"
#include "core/machine/strategy.hpp"
#include "core/session/near_match.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

namespace ringside {

namespace {

constexpr double longest_timeout = 30.0 * 24 * 3600;
// Records of 40 bytes: enough for what a busy guest does between two looks at it.
constexpr uint32_t trace_capacity = 1 << 18;

Result<uint64_t> memory_of(const RunOptions& options, const Scenario& scenario)
{
    constexpr auto least = static_cast<int64_t>(minimum_memory / mebibyte);
    constexpr auto most = static_cast<int64_t>(maximum_memory / mebibyte);
    int64_t mebibytes = options.memory_mebibytes.value_or(scenario.memory_mebibytes);
    if (mebibytes < least || mebibytes > most)
        return fail(ExitCode::Usage, fmt::format("--memory {} is not possible", mebibytes),
            fmt::format("choose {} to {} MiB", least, most));
    return static_cast<uint64_t>(mebibytes) * mebibyte;
}

Result<std::optional<std::chrono::milliseconds>> timeout_of(const RunOptions& options, const Scenario& scenario)
{
    double seconds = options.timeout_seconds.value_or(scenario.timeout_seconds);
    if (!(seconds >= 0 && seconds <= longest_timeout))
        return fail(ExitCode::Usage, "--timeout is not possible", "choose seconds, or 0 for none");
    if (seconds == 0)
        return std::optional<std::chrono::milliseconds> {};
    auto rounded = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double> { seconds });
    return std::optional { rounded };
}

// "FILE" or "FILE ARGUMENTS"; a file whose name has spaces wins.
BootModule module_from(const std::string& text)
{
    std::error_code error;
    auto space = text.find(' ');
    if (space == std::string::npos || std::filesystem::exists(text, error))
        return { text, "" };
    return { text.substr(0, space), text.substr(space + 1) };
}

}

Result<void> check_strategy(const std::string& name)
{
    if (find_strategy(name))
        return {};
    std::vector<std::string> names;
    for (const auto& entry : all_strategies())
        names.emplace_back(entry.info().name);
    auto near = nearest(name, names);
    auto list = fmt::format("there is: {}", fmt::join(names, ", "));
    return fail(ExitCode::Usage, fmt::format("there is no strategy '{}'", printable(name)),
        near.empty() ? list : fmt::format("did you mean '{}'? {}", near, list));
}

namespace {

// Only strategies that rewrite have these choices.
Result<void> check_strategy_options(const RunOptions& options, const std::vector<SwitchSetting>& switches)
{
    auto chooses = [](const std::string& name) { return find_strategy(name)->info().chooses_user_code; };
    bool any = chooses(options.strategy)
        || std::ranges::any_of(switches, [&](const SwitchSetting& one) { return chooses(one.strategy); });
    if (options.strategy_options == StrategyOptions {} || any)
        return {};
    std::string_view option = options.strategy_options.user_code != UserCode::Rewritten ? "--user" : "--rdtsc";
    return fail(ExitCode::Usage, fmt::format("under '{}' nothing is rewritten: {} has no meaning", options.strategy, option),
        "use it with --strategy rewriting");
}

}

Result<SessionConfiguration> configure_session(const RunOptions& options, const Scenario& scenario)
{
    if (auto known = check_strategy(options.strategy); !known)
        return known.propagate();
    auto switches = options.switches ? parse_switches(*options.switches) : std::vector<SwitchSetting> {};
    if (!switches)
        return switches.propagate();
    if (auto checked = check_strategy_options(options, *switches); !checked)
        return checked.propagate();
    auto memory = memory_of(options, scenario);
    if (!memory)
        return memory.propagate();
    auto timeout = timeout_of(options, scenario);
    if (!timeout)
        return timeout.propagate();
    auto guest_kind = find_strategy(options.strategy)->info().guest;
    auto boot = scenario.boot_for(guest_kind);
    if (!boot)
        return boot.propagate();
    if (!options.disks.empty() && guest_kind != GuestKind::Paravirtual)
        return fail(ExitCode::Usage, fmt::format("the strategy '{}' shows no disks to its guests", options.strategy),
            "only paravirtual guests have --disk");

    SessionConfiguration configuration;
    configuration.name = scenario.name;
    configuration.strategy = options.strategy;
    configuration.switches = std::move(*switches);
    configuration.strategy_options = options.strategy_options;
    configuration.boot = std::move(*boot);
    for (const auto& module : options.modules)
        configuration.boot.modules.push_back(module_from(module));
    // Guests take the last of several equal keys, so what is added here wins over the scenario's own.
    auto& line = configuration.boot.command_line;
    for (const auto& words : options.append)
        line += (line.empty() ? "" : " ") + words;
    configuration.memory_bytes = *memory;
    configuration.disks = options.disks;
    configuration.clock = options.clock;
    configuration.timeout = *timeout;
    configuration.recording = options.recording();
    configuration.exact_rings = options.statistics || !options.json_path.empty();
    configuration.trace_capacity = trace_capacity;
    return configuration;
}

}
