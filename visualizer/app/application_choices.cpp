// What is chosen: guests, strategies, the VM that panels are about, and the one that it is compared with.
#include "visualizer/app/application.hpp"
#include "visualizer/panels/panels.hpp"

#include <algorithm>

namespace ringside::visualizer {

void Application::choose_run(std::size_t index)
{
    if (index < m_laboratory->runs().size() && index != m_chosen) {
        m_chosen = index;
        m_typing_to_guest = false;
    }
}

void Application::begin_again(const std::string& problem)
{
    m_screen.message = problem;
    m_chosen = std::min(m_chosen, m_laboratory->runs().size() - 1);
    m_typing_to_guest = false;
}

// The chosen run stays chosen, wherever it stands now, and the one beside it stays beside it.
void Application::rearrange(const std::function<std::string()>& change)
{
    const auto& runs = m_laboratory->runs();
    auto& beside = m_panel_state.exits.beside;
    const auto* chosen = &chosen_run();
    const Run* other = beside && *beside < runs.size() ? runs[*beside].get() : nullptr;
    say(change());
    auto place_of = [&](const Run* run) -> std::optional<std::size_t> {
        auto found = std::ranges::find(runs, run, &std::unique_ptr<Run>::get);
        return found == runs.end() ? std::nullopt : std::optional { static_cast<std::size_t>(found - runs.begin()) };
    };
    beside = place_of(other);
    if (auto place = place_of(chosen))
        m_chosen = *place;
    else
        begin_again(m_screen.message);
}

void Application::choose_guest(int direction)
{
    const auto& names = m_laboratory->scenarios();
    if (m_laboratory->shows_file() || names.empty())
        return;
    auto found = std::ranges::find(names, m_laboratory->guests().front());
    auto count = static_cast<std::ptrdiff_t>(names.size());
    auto index = found == names.end() ? 0 : (found - names.begin() + direction + count) % count;
    begin_again(m_laboratory->choose_guest(names[static_cast<std::size_t>(index)]));
}

void Application::add_guest()
{
    const auto& names = m_laboratory->scenarios();
    auto runs_already = [&](const std::string& name) { return m_laboratory->has_guest(name); };
    auto last = std::ranges::find_if(names.rbegin(), names.rend(), runs_already).base(); // behind the last that runs
    auto next = std::find_if_not(last, names.end(), runs_already);
    if (next == names.end())
        next = std::ranges::find_if_not(names, runs_already);
    if (next != names.end())
        rearrange([&] { return m_laboratory->toggle_guest(*next); });
}

void Application::take_guest_away()
{
    if (!m_laboratory->guests().empty())
        rearrange([&] { return m_laboratory->toggle_guest(m_laboratory->guests().back()); });
}

void Application::next_strategy()
{
    const auto& all = m_laboratory->strategies();
    auto& run = chosen_run();
    auto found = std::ranges::find(all, run.strategy(), &StrategyChoice::name);
    auto begin = found == all.end() ? 0 : static_cast<std::size_t>(found - all.begin());
    std::string problem = "no other strategy of this host can run this guest";
    for (std::size_t i = 1; i < all.size(); ++i) {
        const auto& next = all[(begin + i) % all.size()];
        if (!next.available)
            continue;
        auto refused = run.switch_to(next.name);
        if (refused.empty())
            return;
        problem = refused;
    }
    m_screen.message = problem;
}

void Application::compare_exits()
{
    // Through the other runs, and then alone again.
    auto& beside = m_panel_state.exits.beside;
    auto next = beside ? *beside + 1 : 0;
    next += next == m_chosen ? 1 : 0;
    beside = next < m_laboratory->runs().size() ? std::optional { next } : std::nullopt;
    auto exits = std::ranges::find(all_panels(), std::string_view { "exits" }, &Panel::name) - all_panels().begin();
    if (std::ranges::find(m_screen.panels, static_cast<std::size_t>(exits)) == m_screen.panels.end())
        show_panel(static_cast<std::size_t>(exits));
}

}
