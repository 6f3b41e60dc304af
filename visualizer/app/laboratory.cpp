#include "visualizer/app/laboratory.hpp"

#include "core/machine/kernel_image.hpp"
#include "core/machine/strategy.hpp"
#include "core/session/near_match.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

namespace ringside::visualizer {

namespace {

constexpr const char* main_guest = "syscalls"; // what `ringside demo` tells of: a program that calls its kernel
constexpr uint32_t trace_capacity = 1 << 17;

std::string ringside_beside_this_program()
{
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "ringside";
}

std::vector<StrategyChoice> look_at_strategies()
{
    std::vector<StrategyChoice> choices;
    for (const auto& entry : all_strategies()) {
        auto here = entry.probe();
        choices.push_back({ std::string { entry.info().name }, std::string { entry.info().idea }, here.available,
            here.available ? "" : here.detail });
    }
    return choices;
}

Result<void> check(const std::vector<StrategyChoice>& known, const std::string& name)
{
    auto found = std::ranges::find(known, name, &StrategyChoice::name);
    if (found == known.end()) {
        std::vector<std::string> names;
        for (const auto& choice : known)
            names.push_back(choice.name);
        return fail(ExitCode::Usage, fmt::format("there is no strategy '{}'", printable(name)),
            fmt::format("there is: {}", fmt::join(names, ", ")));
    }
    if (!found->available)
        return fail(ExitCode::Unavailable, fmt::format("the strategy '{}' is not available here: {}", name, found->missing));
    return {};
}

// The others that this run may change to: those that run the same kind of guest.
std::vector<std::string> alternatives(const std::vector<StrategyChoice>& known, const std::string& strategy)
{
    std::vector<std::string> names;
    auto kind = find_strategy(strategy)->info().guest;
    for (const auto& choice : known) {
        if (choice.available && choice.name != strategy && find_strategy(choice.name)->info().guest == kind)
            names.push_back(choice.name);
    }
    return names;
}

std::vector<std::unique_ptr<Run>> started(std::vector<SessionConfiguration> plans)
{
    std::vector<std::unique_ptr<Run>> runs;
    for (auto& plan : plans)
        runs.push_back(Run::live(std::move(plan)));
    return runs;
}

bool can_run(const Scenario& scenario, const std::string& strategy)
{
    return find_strategy(strategy)->info().guest != GuestKind::Paravirtual || !scenario.paravirtual_kernel.empty();
}

}

Result<std::unique_ptr<Laboratory>> Laboratory::open(const LaboratoryOptions& options)
{
    auto laboratory = std::unique_ptr<Laboratory>(new Laboratory);
    auto& lab = *laboratory;
    lab.m_worker_program = options.worker_program.empty() ? ringside_beside_this_program() : options.worker_program;
    lab.m_strategies = look_at_strategies();
    lab.m_scenarios = ScenarioLibrary::of_this_program().names();
    if (!options.trace_path.empty()) {
        auto run = Run::from_file(options.trace_path);
        if (!run)
            return run.propagate();
        lab.m_runs.push_back(std::move(*run));
        return laboratory;
    }
    for (const auto& name : options.strategies) {
        if (auto good = check(lab.m_strategies, name); !good)
            return good.propagate();
    }
    lab.m_chosen = options.strategies;
    for (const auto& choice : lab.m_strategies) {
        if (options.strategies.empty() && choice.available)
            lab.m_chosen.push_back(choice.name);
    }
    lab.m_guests = options.guests.empty() ? std::vector<std::string> { main_guest } : options.guests;
    auto plans = lab.plan(lab.m_guests, lab.m_chosen);
    if (!plans)
        return plans.propagate();
    lab.m_runs = started(std::move(*plans));
    return laboratory;
}

Result<std::vector<SessionConfiguration>> Laboratory::plan(
    const std::vector<std::string>& guests, const std::vector<std::string>& strategies) const
{
    std::vector<SessionConfiguration> plans;
    for (const auto& guest : guests) {
        auto scenario = ScenarioLibrary::of_this_program().find_guest(guest);
        if (!scenario)
            return scenario.propagate();
        for (const auto& strategy : strategies) {
            if (!can_run(*scenario, strategy))
                continue;
            auto boot = scenario->boot_for(find_strategy(strategy)->info().guest);
            if (!boot)
                return boot.propagate();
            SessionConfiguration configuration;
            configuration.name = scenario->name;
            configuration.strategy = strategy;
            configuration.other_strategies = alternatives(m_strategies, strategy);
            configuration.boot = std::move(*boot);
            configuration.memory_bytes = scenario->memory_mebibytes * mebibyte;
            configuration.recording = true;
            configuration.trace_capacity = trace_capacity;
            configuration.worker_program = m_worker_program;
            plans.push_back(std::move(configuration));
        }
    }
    if (plans.empty())
        return fail(ExitCode::Unavailable, "none of the strategies can run this guest");
    if (plans.size() > most_runs)
        return fail(ExitCode::Usage, fmt::format("{} VMs at once are too many", plans.size()),
            fmt::format("choose guests and strategies for at most {}", most_runs));
    return plans;
}

void Laboratory::poll(double seconds)
{
    for (auto& run : m_runs)
        run->poll(seconds);
}

std::string Laboratory::choose_guest(const std::string& guest)
{
    auto plans = plan({ guest }, m_chosen);
    if (!plans)
        return plans.error().message;
    m_guests = { guest };
    m_runs = started(std::move(*plans));
    return "";
}

bool Laboratory::uses(const std::string& strategy) const
{
    return std::ranges::find(m_chosen, strategy) != m_chosen.end();
}

std::unique_ptr<Run> Laboratory::take_run_of(const SessionConfiguration& plan)
{
    auto found = std::ranges::find_if(m_runs, [&](const auto& run) { return run && run->was_begun_with(plan); });
    return found == m_runs.end() ? nullptr : std::move(*found);
}

std::string Laboratory::toggle_strategy(const std::string& strategy)
{
    auto chosen = m_chosen;
    if (uses(strategy))
        std::erase(chosen, strategy);
    else if (auto good = check(m_strategies, strategy); !good)
        return good.error().message;
    else
        chosen.push_back(strategy);
    if (chosen.empty())
        return "one strategy has to stay";
    return rearrange(m_guests, std::move(chosen));
}

bool Laboratory::has_guest(const std::string& guest) const
{
    return std::ranges::find(m_guests, guest) != m_guests.end();
}

std::string Laboratory::toggle_guest(const std::string& guest)
{
    auto guests = m_guests;
    if (has_guest(guest))
        std::erase(guests, guest);
    else
        guests.push_back(guest);
    return guests.empty() ? "one guest has to stay" : rearrange(std::move(guests), m_chosen);
}

// Runs that stay are not disturbed.
std::string Laboratory::rearrange(std::vector<std::string> guests, std::vector<std::string> strategies)
{
    auto plans = plan(guests, strategies);
    if (!plans)
        return plans.error().message;
    m_guests = std::move(guests);
    m_chosen = std::move(strategies);
    std::vector<std::unique_ptr<Run>> runs;
    for (auto& plan : *plans) {
        auto run = take_run_of(plan);
        runs.push_back(run ? std::move(run) : Run::live(std::move(plan)));
    }
    m_runs = std::move(runs);
    return "";
}

}
