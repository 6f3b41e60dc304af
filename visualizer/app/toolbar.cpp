// The controls above the panels: in rows where there is room, in three menus where rows would leave too little to the panels.
#include "visualizer/app/draw.hpp"
#include "visualizer/app/laboratory.hpp"
#include "visualizer/app/user_interface.hpp"
#include "visualizer/panels/panels.hpp"

#include <algorithm>

namespace ringside::visualizer {

namespace {

constexpr float slider_width = 150;
constexpr float least_height_for_rows = 450; // of the window, at 100 percent
constexpr float least_width_for_rows = 620;

enum class Arrangement : uint8_t { Rows, Menu };

// The next item goes on this line if it fits, else on the next one; in a menu always on the next one.
void flow(Arrangement arrangement, float width)
{
    float spacing = ImGui::GetStyle().ItemSpacing.x;
    float right = ImGui::GetWindowPos().x + ImGui::GetWindowContentRegionMax().x;
    if (arrangement == Arrangement::Rows && ImGui::GetItemRectMax().x + spacing + width <= right)
        ImGui::SameLine();
}

float button_width(const char* label)
{
    return ImGui::CalcTextSize(label, nullptr, true).x + ImGui::GetStyle().FramePadding.x * 2;
}

void tooltip(const Context& context, std::string_view words)
{
    if (!ImGui::IsItemHovered())
        return;
    ImGui::BeginTooltip();
    ImGui::PushTextWrapPos(std::min(context.px(420), ImGui::GetIO().DisplaySize.x * 0.9f));
    ImGui::TextUnformatted(words.data(), words.data() + words.size());
    ImGui::PopTextWrapPos();
    ImGui::EndTooltip();
}

struct ActionButton {
    const char* label;
    std::string_view name;
    std::string_view words;
    Action action;
    bool closes_menu = true; // false: is pressed several times
    bool begins_row = false;
};

void action_button(const Context& context, Arrangement arrangement, const ActionButton& button)
{
    if (!button.begins_row)
        flow(arrangement, button_width(button.label));
    if (ImGui::Button(button.label)) {
        context.ask(button.action);
        if (arrangement == Arrangement::Menu && button.closes_menu)
            ImGui::CloseCurrentPopup();
    }
    context.mark(button.name);
    tooltip(context, fmt::format("{} ({})", button.words, keys_of(button.action)));
}

// The tenth panel has the key 0.
std::size_t key_digit(std::size_t panel) { return (panel + 1) % 10; }

void panel_tab(const Context& context, Arrangement arrangement, std::size_t index, bool is_open)
{
    const auto& panel = all_panels()[index];
    auto label = fmt::format("{} {}", key_digit(index), panel.title);
    if (index > 0)
        flow(arrangement, button_width(label.c_str()));
    ImGui::PushStyleColor(ImGuiCol_Button, is_open ? context.theme.accent() : context.theme.raised());
    ImGui::PushStyleColor(ImGuiCol_Text, is_open ? context.theme.on_accent() : context.theme.text());
    if (ImGui::Button(label.c_str())) {
        context.ask({ .kind = ImGui::GetIO().KeyShift ? Request::Kind::TogglePanel : Request::Kind::ShowPanel, .index = index });
        if (arrangement == Arrangement::Menu)
            ImGui::CloseCurrentPopup();
    }
    ImGui::PopStyleColor(2);
    context.mark(fmt::format("tab {}", panel.name));
    tooltip(context, fmt::format("{} (key {}; with Shift beside what is open)", panel.question, key_digit(index)));
}

void panel_tabs(const Context& context, const Screen& screen, Arrangement arrangement)
{
    for (std::size_t i = 0; i < all_panels().size(); ++i)
        panel_tab(context, arrangement, i, std::ranges::find(screen.panels, i) != screen.panels.end());
}

void guest_menu(const Context& context, const Models& models, Arrangement arrangement)
{
    const auto& laboratory = models.laboratory;
    auto chosen = laboratory.guests().size() == 1 ? laboratory.guests().front()
                                                  : fmt::format("{} guests", laboratory.guests().size());
    float width = context.px(150);
    flow(arrangement, width);
    ImGui::SetNextItemWidth(width);
    if (ImGui::BeginCombo("##guest", chosen.c_str(), ImGuiComboFlags_HeightLarge)) {
        for (const auto& scenario : laboratory.scenarios()) {
            if (ImGui::Selectable(scenario.c_str(), laboratory.has_guest(scenario)))
                context.ask({ .kind = ImGui::GetIO().KeyShift ? Request::Kind::ToggleGuest : Request::Kind::ChooseGuest, .name = scenario });
            context.mark("guest " + scenario);
        }
        ImGui::EndCombo();
    } else {
        context.mark("guest");
        tooltip(context, fmt::format("the guest ({}); with Shift a click adds one beside it, or takes it away", keys_of(Action::NextGuest)));
    }
}

void strategy_menu(const Context& context, const Models& models, Arrangement arrangement)
{
    flow(arrangement, button_width("Strategies"));
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

void pace_slider(const Context& context, const Models& models, Arrangement arrangement)
{
    flow(arrangement, context.px(slider_width));
    ImGui::SetNextItemWidth(context.px(slider_width));
    auto pace = static_cast<float>(models.run().playback().pace());
    if (ImGui::SliderFloat("##pace", &pace, static_cast<float>(RingPlayback::fastest), static_cast<float>(RingPlayback::slowest),
            "%.2f s an event", ImGuiSliderFlags_Logarithmic))
        context.ask({ .kind = Request::Kind::Pace, .value = static_cast<double>(pace) });
    context.mark("pace");
    tooltip(context, "slow motion: how long an event is shown (F: faster, S: slower)");
}

void machine_controls(const Context& context, const Models& models, Arrangement arrangement)
{
    const auto& run = models.run();
    if (run.is_file())
        return;
    auto button = [&](const ActionButton& what) { action_button(context, arrangement, what); };
    button({ .label = run.state() == Run::State::Running || run.is_between_rounds() ? "Pause" : "Go on", .name = "pause",
        .words = "pause the chosen VM, or let it go on", .action = Action::PauseOrResume, .begins_row = true });
    button({ "Step", "step", "up to the next exit, then pause", Action::StepExit });
    button({ "Restart", "restart", "begin the chosen VM anew", Action::Restart });
    button({ "Kill", "kill", "kill its worker process", Action::Kill });
    guest_menu(context, models, arrangement);
    strategy_menu(context, models, arrangement);
}

void view_controls(const Context& context, const Models& models, Arrangement arrangement)
{
    auto button = [&](const ActionButton& what) { action_button(context, arrangement, what); };
    pace_slider(context, models, arrangement);
    button({ "Theme", "theme", "dark, light, high contrast", Action::NextTheme, false });
    button({ "A-", "smaller", "everything smaller", Action::SmallerText, false });
    button({ "A+", "larger", "everything larger", Action::LargerText, false });
    button({ "Keys", "help", "every key", Action::Help });
}

// Stands in for the list of VMs, which has no room either.
void machine_choice(const Context& context, const Models& models)
{
    for (std::size_t i = 0; i < models.laboratory.runs().size(); ++i) {
        auto title = fmt::format("{}##{}", models.laboratory.runs()[i]->title(), i);
        if (ImGui::Selectable(title.c_str(), i == models.chosen))
            context.ask({ .kind = Request::Kind::ChooseRun, .index = i });
        context.mark(fmt::format("choose {}", i));
    }
    ImGui::Separator();
}

template<typename Draw>
void menu(const Context& context, const char* label, std::string_view name, Draw draw)
{
    if (ImGui::Button(label))
        ImGui::OpenPopup(label);
    context.mark(name);
    if (ImGui::BeginPopup(label)) {
        draw();
        ImGui::EndPopup();
    }
}

void draw_menus(const Context& context, const Models& models, const Screen& screen)
{
    constexpr auto in_menu = Arrangement::Menu;
    menu(context, "Panels", "menu panels", [&] { panel_tabs(context, screen, in_menu); });
    ImGui::SameLine();
    menu(context, "VM", "menu vm", [&] {
        machine_choice(context, models);
        machine_controls(context, models, in_menu);
    });
    ImGui::SameLine();
    menu(context, "View", "menu view", [&] { view_controls(context, models, in_menu); });
}

}

bool is_cramped(const Context& context)
{
    auto display = ImGui::GetIO().DisplaySize;
    return display.y < context.px(least_height_for_rows) || display.x < context.px(least_width_for_rows);
}

void draw_toolbar(const Context& context, const Models& models, const Screen& screen)
{
    if (is_cramped(context))
        return draw_menus(context, models, screen);
    panel_tabs(context, screen, Arrangement::Rows);
    machine_controls(context, models, Arrangement::Rows);
    view_controls(context, models, Arrangement::Rows);
}

}
