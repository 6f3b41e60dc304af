// The page of keys, the tour, and the last line of the window.
#include "visualizer/app/draw.hpp"
#include "visualizer/app/laboratory.hpp"
#include "visualizer/app/tour.hpp"
#include "visualizer/app/user_interface.hpp"
#include "visualizer/panels/panels.hpp"

#include <algorithm>

namespace ringside::visualizer {

namespace {

constexpr auto overlay_flags = ImGuiWindowFlags_NoCollapse | ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoTitleBar
    | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoResize;

void key_line(std::string_view keys, std::string_view words)
{
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::TextUnformatted(keys.data(), keys.data() + keys.size());
    ImGui::TableNextColumn();
    ImGui::PushTextWrapPos(0);
    ImGui::TextUnformatted(words.data(), words.data() + words.size());
    ImGui::PopTextWrapPos();
}

}

void draw_help_page(const Context& context)
{
    auto display = ImGui::GetIO().DisplaySize;
    ImVec2 size { std::min(display.x * 0.94f, context.px(720)), std::min(display.y * 0.94f, context.px(800)) };
    ImGui::SetNextWindowPos({ (display.x - size.x) / 2, (display.y - size.y) / 2 });
    ImGui::SetNextWindowSize(size);
    ImGui::PushStyleColor(ImGuiCol_WindowBg, context.theme.panel());
    ImGui::Begin("keys", nullptr, overlay_flags);
    ImGui::PushFont(context.fonts.large);
    ImGui::TextUnformatted("Keys");
    ImGui::PopFont();
    ImGui::SameLine();
    if (ImGui::SmallButton("Close (F1)"))
        context.ask(Action::Help);
    context.mark("close help");
    if (ImGui::BeginTable("keys", 2, ImGuiTableFlags_RowBg | ImGuiTableFlags_ScrollY)) {
        ImGui::TableSetupColumn("keys", ImGuiTableColumnFlags_WidthStretch, 0.8f);
        ImGui::TableSetupColumn("words", ImGuiTableColumnFlags_WidthStretch, 2.6f);
        auto panels = all_panels();
        for (std::size_t i = 0; i < panels.size(); ++i)
            key_line(fmt::format("{}", (i + 1) % 10), fmt::format("{}: {}", panels[i].title, panels[i].question));
        key_line("Shift+digit", "open a panel beside the others, or close it");
        for (const auto& shortcut : shortcuts()) {
            if (!shortcut.keys.empty())
                key_line(shortcut.keys, shortcut.words);
        }
        ImGui::EndTable();
    }
    ImGui::End();
    ImGui::PopStyleColor();
}

void draw_tour(const Context& context, const Screen& screen)
{
    auto display = ImGui::GetIO().DisplaySize;
    float width = std::min(display.x * 0.96f, context.px(620));
    ImGui::SetNextWindowPos({ display.x / 2, display.y - context.px(40) }, ImGuiCond_Always, { 0.5f, 1.0f });
    ImGui::SetNextWindowSize({ width, 0 });
    ImGui::PushStyleColor(ImGuiCol_WindowBg, context.theme.raised());
    ImGui::PushStyleColor(ImGuiCol_Border, context.theme.accent());
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, std::max(1.0f, context.px(2)));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, context.px(8));
    ImGui::Begin("tour", nullptr, overlay_flags | ImGuiWindowFlags_NoFocusOnAppearing | ImGuiWindowFlags_NoNav);
    ImGui::PushTextWrapPos(0);
    auto hint = tour_hints[screen.hint % tour_hints.size()];
    ImGui::TextUnformatted(hint.data(), hint.data() + hint.size());
    ImGui::PopTextWrapPos();
    bool is_last = screen.hint + 1 >= tour_hints.size();
    if (!is_last) {
        if (ImGui::Button("Next hint"))
            context.ask({ .kind = Request::Kind::NextHint });
        context.mark("next hint");
        ImGui::SameLine();
    }
    if (ImGui::Button(is_last ? "Done" : "No more hints"))
        context.ask({ .kind = Request::Kind::EndTour });
    context.mark("end tour");
    ImGui::SameLine();
    dim_text(context, "{} of {}", screen.hint + 1, tour_hints.size());
    ImGui::End();
    ImGui::PopStyleVar(2);
    ImGui::PopStyleColor(2);
}

void draw_status_line(const Context& context, const Models& models, const Screen& screen)
{
    std::string line = screen.message;
    if (line.empty() && context.typing_to_guest)
        line = fmt::format("What is typed goes to {}. Ctrl+] ends that.", models.run().title());
    if (line.empty())
        line = fmt::format("{}: {}    F1: keys", models.run().title(), models.run().status());
    auto at = ImGui::GetCursorScreenPos();
    draw_text(*ImGui::GetWindowDrawList(), context.fonts.text, at, context.theme.dim(), line,
        std::max(ImGui::GetContentRegionAvail().x, 1.0f));
    ImGui::Dummy({ 1, ImGui::GetTextLineHeight() });
}

}
