#include "core/trace/story.hpp"
#include "visualizer/app/draw.hpp"
#include "visualizer/app/laboratory.hpp"
#include "visualizer/panels/panels.hpp"

namespace ringside::visualizer {

namespace {

void line(const Context& context, const Run& run, std::size_t index)
{
    const auto& playback = run.playback();
    const auto& event = playback.moment()[index];
    bool is_exit = describe(event.kind).category == EventCategory::Exit;
    const auto& look = is_exit ? look_of(group_of(event.kind)) : look_of_ring(event.virtual_ring);
    auto at = ImGui::GetCursorScreenPos();
    auto& list = *ImGui::GetWindowDrawList();
    float height = ImGui::GetTextLineHeight();
    bool is_now = index == playback.index();
    if (is_now)
        list.AddRectFilled({ at.x, at.y - 1 }, { at.x + ImGui::GetWindowWidth() + ImGui::GetScrollX(), at.y + height + 1 },
            faded(context.theme.accent(), 0.28f), context.px(3));
    draw_shape(list, look.shape, { at.x + height / 2, at.y + height / 2 }, height * 0.3f, context.theme.color(look));
    ImGui::Dummy({ height, height });
    ImGui::SameLine(0, height * 0.3f);
    auto words = story_line(event, run.moment_scale(), run.symbols(), Style {});
    bool is_later = index > playback.index();
    if (is_later)
        ImGui::PushStyleColor(ImGuiCol_Text, context.theme.dim());
    ImGui::TextUnformatted(words.data(), words.data() + words.size());
    if (is_later)
        ImGui::PopStyleColor();
}

// Keeps the event of now in the middle.
void follow(const Run& run)
{
    float line = ImGui::GetTextLineHeightWithSpacing();
    float wanted = static_cast<float>(run.playback().index()) * line - ImGui::GetWindowHeight() * 0.45f;
    ImGui::SetScrollY(wanted > 0 ? wanted : 0);
}

}

void draw_story(const Context& context, const Models& models)
{
    auto& run = models.run();
    if (ImGui::Button("Copy as text"))
        ImGui::SetClipboardText(story_as_text(models).c_str());
    context.mark("copy story");
    ImGui::SameLine();
    dim_text(context, "{}", run.playback().held() ? "held: Left and Right go through the events" : "one moment in slow motion; H holds it");
    ImGui::PushFont(context.fonts.mono);
    ImGui::BeginChild("lines", { 0, 0 }, false, ImGuiWindowFlags_HorizontalScrollbar);
    if (!run.playback().empty()) {
        ImGuiListClipper clipper;
        clipper.Begin(static_cast<int>(run.playback().moment().size()));
        while (clipper.Step()) {
            for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i)
                line(context, run, static_cast<std::size_t>(i));
        }
        if (!run.playback().held())
            follow(run);
    } else {
        ImGui::TextUnformatted("no event yet");
    }
    ImGui::EndChild();
    ImGui::PopFont();
}

std::string story_as_text(const Models& models)
{
    const auto& run = models.run();
    auto text = run.title() + "\n";
    for (const auto& event : run.playback().moment())
        text += story_line(event, run.moment_scale(), run.symbols(), Style {}) + "\n";
    return text;
}

}
