// The open panels in a grid: one fills the window, two stand beside each other, more in rows.
#include "visualizer/app/draw.hpp"
#include "visualizer/app/laboratory.hpp"
#include "visualizer/app/user_interface.hpp"
#include "visualizer/panels/panels.hpp"

#include <algorithm>
#include <cmath>

namespace ringside::visualizer {

namespace {

struct Grid {
    int columns = 1;
    int rows = 1;
};

Grid grid_for(const Context& context, std::size_t panels, float width)
{
    int count = static_cast<int>(panels);
    int fit = std::clamp(static_cast<int>(width / context.px(420)), 1, 3);
    int wanted = count <= 1 ? 1 : count <= 4 ? 2 : 3;
    int columns = std::min(fit, wanted);
    return { columns, (count + columns - 1) / columns };
}

void panel(const Context& context, const Models& models, std::size_t index, ImVec2 size, bool alone)
{
    const auto& panel = all_panels()[index];
    std::string name { panel.name };
    ImGui::BeginChild(name.c_str(), size, !alone);
    if (!alone) {
        ImGui::PushFont(context.fonts.bold);
        ImGui::TextUnformatted(panel.title.data(), panel.title.data() + panel.title.size());
        ImGui::PopFont();
        ImGui::SameLine(std::max(ImGui::GetWindowWidth() - context.px(34), 0.0f));
        if (ImGui::SmallButton("x"))
            context.ask({ .kind = Request::Kind::TogglePanel, .index = index });
        context.mark("close " + name);
    }
    panel.draw(context, models);
    ImGui::EndChild();
    context.mark("panel " + name);
}

}

void draw_panel_grid(const Context& context, const Models& models, const Screen& screen)
{
    auto room = ImGui::GetContentRegionAvail();
    auto grid = grid_for(context, screen.panels.size(), room.x);
    auto spacing = ImGui::GetStyle().ItemSpacing;
    ImVec2 size { std::floor((room.x - spacing.x * static_cast<float>(grid.columns - 1)) / static_cast<float>(grid.columns)),
        std::floor((room.y - spacing.y * static_cast<float>(grid.rows - 1)) / static_cast<float>(grid.rows)) };
    // Panels in a small window are not smaller than a few lines: the grid scrolls.
    size.x = std::max(size.x, 16.0f);
    size.y = std::max(size.y, std::min(room.y, context.px(120)));
    for (std::size_t i = 0; i < screen.panels.size(); ++i) {
        if (i % static_cast<std::size_t>(grid.columns) != 0)
            ImGui::SameLine();
        panel(context, models, screen.panels[i], size, screen.panels.size() == 1);
    }
}

}
