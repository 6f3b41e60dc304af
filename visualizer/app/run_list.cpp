#include "visualizer/app/draw.hpp"
#include "visualizer/app/laboratory.hpp"
#include "visualizer/app/user_interface.hpp"

#include <algorithm>

namespace ringside::visualizer {

namespace {

std::string_view state_word(const Run& run)
{
    if (run.is_file())
        return "file";
    if (run.failed())
        return "failed";
    switch (run.state()) {
    case Run::State::Running: return "running";
    case Run::State::Paused: return "paused";
    case Run::State::Ended: break;
    }
    return "ended";
}

void entry(const Context& context, const Models& models, std::size_t index)
{
    const auto& run = *models.laboratory.runs()[index];
    auto at = ImGui::GetCursorScreenPos();
    float line = ImGui::GetTextLineHeight();
    float height = line * 2.7f;
    float width = std::max(ImGui::GetContentRegionAvail().x, 1.0f);
    auto name = fmt::format("choose {}", index);
    if (ImGui::InvisibleButton(name.c_str(), { width, height }))
        context.ask({ .kind = Request::Kind::ChooseRun, .index = index });
    context.mark(name);
    auto& list = *ImGui::GetWindowDrawList();
    bool is_chosen = index == models.chosen;
    auto background = is_chosen ? faded(context.theme.accent(), 0.25f) : context.theme.panel();
    list.AddRectFilled(at, { at.x + width, at.y + height }, background, context.px(5));
    if (is_chosen || ImGui::IsItemHovered())
        list.AddRect(at, { at.x + width, at.y + height }, context.theme.accent(), context.px(5));
    const auto& look = look_of_strategy(run.strategy());
    draw_shape(list, look.shape, { at.x + line * 0.7f, at.y + line * 0.85f }, line * 0.32f, context.theme.color(look));
    float left = at.x + line * 1.35f;
    draw_text(list, context.fonts.bold, { left, at.y + line * 0.3f }, context.theme.text(), run.strategy(), at.x + width - left);
    auto detail = fmt::format("{}, {}", run.guest(), state_word(run));
    draw_text(list, context.fonts.text, { left, at.y + line * 1.4f }, context.theme.dim(), detail, at.x + width - left - 4);
}

void legend(const Context& context)
{
    dim_text(context, "Rings");
    for (unsigned ring : { 0u, 3u })
        legend_item(context, look_of_ring(ring), look_of_ring(ring).word);
    legend_item(context, look_of_monitor(), look_of_monitor().word);
    dim_text(context, "Exits");
    for (int group = 0; group < static_cast<int>(ExitGroup::Other); ++group) {
        const auto& look = look_of(static_cast<ExitGroup>(group));
        legend_item(context, look, look.word);
    }
}

}

void draw_run_list(const Context& context, const Models& models)
{
    for (std::size_t i = 0; i < models.laboratory.runs().size(); ++i)
        entry(context, models, i);
    ImGui::Separator();
    legend(context);
}

}
