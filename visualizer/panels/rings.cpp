#include "core/trace/story.hpp"
#include "core/trace/time_format.hpp"
#include "visualizer/app/draw.hpp"
#include "visualizer/app/laboratory.hpp"
#include "visualizer/panels/panels.hpp"
#include "visualizer/panels/ring_diagram.hpp"

#include <algorithm>

namespace ringside::visualizer {

namespace {

// The controls of slow motion, and where it is.
void controls(const Context& context, const Run& run)
{
    const auto& playback = run.playback();
    if (ImGui::Button("<"))
        context.ask(Action::PreviousEvent);
    context.mark("previous event");
    ImGui::SameLine();
    if (ImGui::Button(playback.held() ? "Play##motion" : "Hold##motion"))
        context.ask(Action::HoldMotion);
    context.mark("hold motion");
    ImGui::SameLine();
    if (ImGui::Button(">"))
        context.ask(Action::NextEvent);
    context.mark("next event");
    ImGui::SameLine();
    auto place = playback.empty() ? std::string { "no event yet" }
                                  : fmt::format("event {} of {} of this moment, {:.2f} s each", playback.index() + 1,
                                      playback.moment().size(), playback.pace());
    dim_text(context, "{}", place);
}

void note_compression(const Context& context, const Run& run)
{
    const auto& heat = run.heat();
    double compressed = heat[0][1], interpreted = heat[0][3] + heat[3][3], own = heat[0][2] + heat[3][2];
    ImGui::PushTextWrapPos(0);
    if (compressed > 0)
        dim_text(context, "Ring compression: the guest's kernel believes to be in ring 0; really it shares ring 3 with its programs.");
    else if (interpreted > 0)
        dim_text(context, "Emulation: a program reads the guest's instructions; on the hardware they run in no ring at all.");
    else if (own > 0)
        dim_text(context, "Hardware: the guest has rings 0 to 3 of non-root mode; the monitor sits below them, in \"ring -1\".");
    ImGui::PopTextWrapPos();
}

}

void draw_rings(const Context& context, const Models& models)
{
    const auto& run = models.run();
    controls(context, run);
    note_compression(context, run);
    auto least = ImGui::GetCursorScreenPos();
    auto room = ImGui::GetContentRegionAvail();
    room = { std::max(room.x, 1.0f), std::max(room.y, 1.0f) };
    draw_ring_diagram(context, run, least, { least.x + room.x, least.y + room.y });
    ImGui::Dummy(room);
}

std::string rings_as_text(const Models& models)
{
    const auto& run = models.run();
    auto text = fmt::format("{}\n", run.title());
    if (run.playback().empty())
        return text + "no event yet\n";
    auto position = run.playback().position();
    return text + fmt::format("the guest believes: {}\nreally: {}\nbecause: {}\n", believed_text(position), real_text(position),
        sentence(run.playback().event(), Style {}));
}

}
