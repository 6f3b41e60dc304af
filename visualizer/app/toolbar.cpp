#include "visualizer/app/draw.hpp"
#include "visualizer/app/laboratory.hpp"
#include "visualizer/app/user_interface.hpp"
#include "visualizer/panels/panels.hpp"

#include <algorithm>

namespace ringside::visualizer {

namespace {

constexpr float slider_width = 150;

// The next item goes on this line if it fits, else on the next one.
void flow(float width)
{
    float spacing = ImGui::GetStyle().ItemSpacing.x;
    float right = ImGui::GetWindowPos().x + ImGui::GetWindowContentRegionMax().x;
    if (ImGui::GetItemRectMax().x + spacing + width <= right)
        ImGui::SameLine();
}

float button_width(const char* label)
{
    return ImGui::CalcTextSize(label, nullptr, true).x + ImGui::GetStyle().FramePadding.x * 2;
}

void tooltip(std::string_view words, Action action)
{
    if (ImGui::IsItemHovered())
        ImGui::SetTooltip("%s", fmt::format("{} ({})", words, keys_of(action)).c_str());
}

void action_button(const Context& context, const char* label, std::string_view name, std::string_view words, Action action)
{
    if (ImGui::Button(label))
        context.ask(action);
    context.mark(name);
    tooltip(words, action);
}

void panel_tabs(const Context& context, const Screen& screen)
{
    auto panels = all_panels();
    for (std::size_t i = 0; i < panels.size(); ++i) {
        auto label = fmt::format("{} {}", (i + 1) % 10, panels[i].title);
        if (i > 0)
            flow(button_width(label.c_str()));
        bool is_open = std::ranges::find(screen.panels, i) != screen.panels.end();
        ImGui::PushStyleColor(ImGuiCol_Button, is_open ? context.theme.accent() : context.theme.raised());
        ImGui::PushStyleColor(ImGuiCol_Text, is_open ? context.theme.on_accent() : context.theme.text());
        if (ImGui::Button(label.c_str()))
            context.ask({ .kind = ImGui::GetIO().KeyShift ? Request::Kind::TogglePanel : Request::Kind::ShowPanel, .index = i });
        ImGui::PopStyleColor(2);
        context.mark(fmt::format("tab {}", panels[i].name));
        if (ImGui::IsItemHovered())
            ImGui::SetTooltip("%s", fmt::format("{} (key {}; with Shift beside what is open)", panels[i].question, (i + 1) % 10).c_str());
    }
}

void guest_menu(const Context& context, const Models& models)
{
    const auto& laboratory = models.laboratory;
    auto chosen = laboratory.guests().size() == 1 ? laboratory.guests().front()
                                                  : fmt::format("{} guests", laboratory.guests().size());
    float width = context.px(150);
    flow(width);
    ImGui::SetNextItemWidth(width);
    if (ImGui::BeginCombo("##guest", chosen.c_str(), ImGuiComboFlags_HeightLarge)) {
        for (const auto& scenario : laboratory.scenarios()) {
            if (ImGui::Selectable(scenario.c_str(), scenario == chosen))
                context.ask({ .kind = Request::Kind::ChooseGuest, .name = scenario });
            context.mark("guest " + scenario);
        }
        ImGui::EndCombo();
    } else {
        context.mark("guest");
        tooltip("the guest", Action::NextGuest);
    }
}

void strategy_menu(const Context& context, const Models& models)
{
    flow(button_width("Strategies"));
    if (ImGui::Button("Strategies"))
        ImGui::OpenPopup("strategies");
    context.mark("strategies");
    if (!ImGui::BeginPopup("strategies"))
        return;
    for (const auto& strategy : models.laboratory.strategies()) {
        bool used = models.laboratory.uses(strategy.name);
        if (strategy.available) {
            if (ImGui::Checkbox(strategy.name.c_str(), &used))
                context.ask({ .kind = Request::Kind::ToggleStrategy, .name = strategy.name });
            context.mark("strategy " + strategy.name);
            dim_text(context, "    {}", strategy.idea);
        } else {
            dim_text(context, "{}: not available here, {}", strategy.name, strategy.missing);
        }
    }
    ImGui::EndPopup();
}

void pace_slider(const Context& context, const Models& models)
{
    ImGui::SetNextItemWidth(context.px(slider_width));
    auto pace = static_cast<float>(models.run().playback().pace());
    if (ImGui::SliderFloat("##pace", &pace, static_cast<float>(RingPlayback::fastest), static_cast<float>(RingPlayback::slowest),
            "%.2f s an event", ImGuiSliderFlags_Logarithmic))
        context.ask({ .kind = Request::Kind::Pace, .value = static_cast<double>(pace) });
    context.mark("pace");
    if (ImGui::IsItemHovered())
        ImGui::SetTooltip("slow motion: how long an event is shown (F: faster, S: slower)");
}

}

void draw_toolbar(const Context& context, const Models& models, const Screen& screen)
{
    panel_tabs(context, screen);
    auto& run = models.run();
    if (!run.is_file()) {
        const char* pause = run.state() == Run::State::Running ? "Pause" : "Go on";
        action_button(context, pause, "pause", "pause the chosen VM, or let it go on", Action::PauseOrResume);
        flow(button_width("Step"));
        action_button(context, "Step", "step", "up to the next exit, then pause", Action::StepExit);
        flow(button_width("Restart"));
        action_button(context, "Restart", "restart", "begin the chosen VM anew", Action::Restart);
        flow(button_width("Kill"));
        action_button(context, "Kill", "kill", "kill its worker process", Action::Kill);
        guest_menu(context, models);
        strategy_menu(context, models);
        flow(context.px(slider_width));
    }
    pace_slider(context, models);
    flow(button_width("Theme"));
    action_button(context, "Theme", "theme", "dark, light, high contrast", Action::NextTheme);
    flow(button_width("A-"));
    action_button(context, "A-", "smaller", "everything smaller", Action::SmallerText);
    flow(button_width("A+"));
    action_button(context, "A+", "larger", "everything larger", Action::LargerText);
    flow(button_width("Keys"));
    action_button(context, "Keys", "help", "every key", Action::Help);
}

}
