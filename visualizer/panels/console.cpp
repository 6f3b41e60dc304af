#include "core/devices/screen_text.hpp"
#include "visualizer/app/draw.hpp"
#include "visualizer/app/laboratory.hpp"
#include "visualizer/panels/panels.hpp"
#include "visualizer/panels/vga_screen.hpp"

#include <algorithm>

namespace ringside::visualizer {

namespace {

constexpr std::size_t shown = 32 * 1024; // bytes, the newest

// What a guest says may be anything: bytes that are no text become dots, and escape sequences are left out.
std::string printable_console(std::string_view raw)
{
    std::string text;
    bool in_escape = false;
    for (char c : raw) {
        auto byte = static_cast<unsigned char>(c);
        if (in_escape) {
            in_escape = !((byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z'));
            continue;
        }
        in_escape = byte == 0x1B;
        if (c == '\n' || c == '\t' || (byte >= 0x20 && byte < 0x7F))
            text += c;
        else if (!in_escape && c != '\r')
            text += '.';
    }
    return text;
}

std::string_view newest(std::string_view text)
{
    if (text.size() <= shown)
        return text;
    text.remove_prefix(text.size() - shown);
    auto line = text.find('\n');
    return line == std::string_view::npos ? text : text.substr(line + 1);
}

// Above the serial console, and at most 60 percent of the panel: it scrolls.
void screen_area(const Context& context, const VgaTextSnapshot& screen)
{
    float whole = ImGui::GetTextLineHeight() * VgaTextSnapshot::rows + ImGui::GetStyle().WindowPadding.y * 2 + ImGui::GetStyle().ScrollbarSize;
    ImGui::BeginChild("screen", { 0, std::max(std::min(whole, ImGui::GetContentRegionAvail().y * 0.6f), 1.0f) }, true,
        ImGuiWindowFlags_HorizontalScrollbar);
    draw_vga_screen(context, screen);
    ImGui::EndChild();
    context.mark("vga screen");
}

void serial_area(const Context& context, const Run& run)
{
    auto text = printable_console(newest(run.console()));
    ImGui::PushStyleColor(ImGuiCol_ChildBg, context.typing_to_guest ? faded(context.theme.accent(), 0.12f) : context.theme.panel());
    ImGui::BeginChild("text", { 0, 0 }, context.typing_to_guest, ImGuiWindowFlags_HorizontalScrollbar);
    bool at_end = ImGui::GetScrollY() >= ImGui::GetScrollMaxY() - 1;
    ImGui::TextUnformatted(text.data(), text.data() + text.size());
    if (context.typing_to_guest) {
        ImGui::SameLine(0, 0);
        ImGui::TextUnformatted("█");
    }
    if (at_end)
        ImGui::SetScrollHereY(1.0f);
    ImGui::EndChild();
    ImGui::PopStyleColor();
}

}

void draw_console(const Context& context, const Models& models)
{
    auto& run = models.run();
    if (!run.is_file()) {
        if (ImGui::Button(context.typing_to_guest ? "Stop typing (Ctrl+])" : "Type to the guest (Enter)"))
            context.ask(Action::TypeToGuest);
        context.mark("type to guest");
        ImGui::SameLine();
    }
    dim_text(context, "{}", run.is_file() ? "a trace file has no console text" : run.title());
    ImGui::PushFont(context.fonts.mono);
    if (const auto* screen = vga_screen_of(models))
        screen_area(context, *screen);
    serial_area(context, run);
    ImGui::PopFont();
}

std::string console_as_text(const Models& models)
{
    auto text = models.run().title() + "\n" + printable_console(models.run().console()) + "\n";
    if (const auto* screen = vga_screen_of(models))
        text += "\nthe VGA's screen:\n" + screen_text(*screen);
    return text;
}

}
