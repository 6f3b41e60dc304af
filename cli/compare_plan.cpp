#include "cli/compare_plan.hpp"

#include "cli/host_facts.hpp"
#include "core/machine/kernel_image.hpp"
#include "core/machine/strategy.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <iterator>

namespace ringside {

namespace {

constexpr unsigned longest_run = 60; // seconds, of a guest of which no scenario knows better

Result<std::vector<std::string>> named_strategies(std::string_view list)
{
    std::vector<std::string> names;
    for (;;) {
        auto comma = list.find(',');
        std::string name { list.substr(0, comma) };
        if (auto known = check_strategy(name); !known)
            return known.propagate();
        if (std::ranges::find(names, name) != names.end())
            return fail(ExitCode::Usage, fmt::format("--strategies names '{}' twice", name));
        names.push_back(std::move(name));
        if (comma == std::string_view::npos)
            return names;
        list.remove_prefix(comma + 1);
    }
}

// A scenario's text is what its guest says with the scenario's own settings.
bool is_altered(const CompareOptions& options)
{
    const auto& guest = options.guest;
    return !guest.append.empty() || !guest.modules.empty() || guest.memory_mebibytes.has_value();
}

bool is_scenario(const Scenario& scenario)
{
    return !scenario.ending.console.empty();
}

Result<Expectation> expectation_of(const CompareOptions& options, const Scenario& scenario, const std::string& strategy)
{
    const auto& ending = scenario.ending_under(strategy);
    const auto* difference = scenario.difference_under(strategy);
    Expectation expectation { ending.outcome, ending.reason, {}, difference ? difference->why : "" };
    if (!is_scenario(scenario) || is_altered(options))
        return expectation;
    std::ifstream in(ending.console, std::ios::binary);
    if (!in)
        return fail(ExitCode::BadImage, fmt::format("cannot read {}", printable(ending.console.string())));
    expectation.console = std::string { std::istreambuf_iterator<char>(in), {} };
    return expectation;
}

Result<Contender> contender_of(const CompareOptions& options, const Scenario& scenario, const std::string& strategy)
{
    auto guest = options.guest;
    guest.strategy = strategy;
    if (!guest.timeout_seconds && scenario.timeout_seconds == 0)
        guest.timeout_seconds = longest_run;
    auto configuration = configure_session(guest, scenario);
    if (!configuration)
        return configuration.propagate();
    auto expectation = expectation_of(options, scenario, strategy);
    if (!expectation)
        return expectation.propagate();
    return Contender { std::move(*configuration), std::move(*expectation) };
}

Result<ComparePlan> plan_named(
    const CompareOptions& options, const Scenario& scenario, const std::vector<std::string>& names)
{
    ComparePlan plan;
    for (const auto& name : names) {
        if (auto here = find_strategy(name)->probe(); !here.available)
            return fail(ExitCode::Unavailable,
                fmt::format("the strategy '{}' is not available here: {}", name, here.detail), here.remedy);
        auto contender = contender_of(options, scenario, name);
        if (!contender)
            return contender.propagate();
        plan.contenders.push_back(std::move(*contender));
    }
    return plan;
}

// Why this strategy cannot take part, though nobody did anything wrong.
std::optional<MissingStrategy> obstacle(const StrategyEntry& entry, const Scenario& scenario)
{
    std::string name { entry.info().name };
    if (auto here = entry.probe(); !here.available)
        return MissingStrategy { name, here.detail, here.remedy };
    if (entry.info().guest != GuestKind::Paravirtual)
        return std::nullopt;
    if (scenario.paravirtual_kernel.empty())
        return MissingStrategy { name, "the scenario has no kernel that is ported to it", "" };
    if (!is_scenario(scenario))
        return MissingStrategy { name, "it runs ported kernels, and this one is taken for unmodified",
            fmt::format("if it is ported, name the strategy: --strategies {}", name) };
    return std::nullopt;
}

Result<ComparePlan> plan_all(const CompareOptions& options, const Scenario& scenario)
{
    ComparePlan plan;
    for (const auto& entry : all_strategies()) {
        if (auto missing = obstacle(entry, scenario)) {
            plan.missing.push_back(std::move(*missing));
            continue;
        }
        auto contender = contender_of(options, scenario, std::string { entry.info().name });
        if (!contender)
            return contender.propagate();
        plan.contenders.push_back(std::move(*contender));
    }
    if (plan.contenders.empty())
        return fail(ExitCode::Unavailable, "no strategy is available on this host", "'ringside doctor' says why");
    return plan;
}

}

Result<ComparePlan> plan_comparison(const CompareOptions& options, const Scenario& scenario)
{
    if (!options.strategies)
        return plan_all(options, scenario);
    auto names = named_strategies(*options.strategies);
    if (!names)
        return names.propagate();
    return plan_named(options, scenario, *names);
}

std::vector<std::pair<std::string, std::string>> host_label()
{
    std::vector<std::pair<std::string, std::string>> label;
    for (const auto& fact : host_facts()) {
        if (fact.key == "cpu" || fact.key == "virtualization" || fact.key == "kernel")
            label.emplace_back(fact.label, fact.value);
    }
    return label;
}

}
