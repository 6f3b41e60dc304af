#include "visualizer/app/panel_text.hpp"

#include "visualizer/panels/panels.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <thread>

namespace ringside::visualizer {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto step = 25ms, between_snapshots = 200ms;

const Panel* find_panel(std::string_view name)
{
    auto found = std::ranges::find(all_panels(), name, &Panel::name);
    return found == all_panels().end() ? nullptr : &*found;
}

void want_snapshots(Laboratory& laboratory)
{
    for (const auto& run : laboratory.runs()) {
        if (auto* observed = run->observed())
            observed->want_snapshots(between_snapshots);
    }
}

void watch(Laboratory& laboratory, std::chrono::duration<double> time, bool with_snapshots)
{
    auto begin = Clock::now(), before = begin;
    do {
        if (with_snapshots)
            want_snapshots(laboratory); // again, for each round
        std::this_thread::sleep_for(step);
        auto now = Clock::now();
        laboratory.poll(std::chrono::duration<double>(now - before).count());
        before = now;
    } while (before - begin < time);
}

}

std::string panel_text(Laboratory& laboratory, const std::vector<std::string>& names, std::chrono::duration<double> after)
{
    std::vector<const Panel*> panels;
    for (const auto& name : names) {
        if (const auto* panel = find_panel(name))
            panels.push_back(panel);
    }
    watch(laboratory, after, std::ranges::any_of(panels, &Panel::needs_snapshot));
    std::string text;
    for (const auto* panel : panels) {
        auto machines = panel->of_all ? 1 : laboratory.runs().size();
        for (std::size_t i = 0; i < machines; ++i)
            text += fmt::format("{}== {}\n{}", text.empty() ? "" : "\n", panel->title, panel->as_text(Models { laboratory, i }));
    }
    return text;
}

}
