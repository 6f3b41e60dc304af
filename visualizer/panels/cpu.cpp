#include "visualizer/app/draw.hpp"
#include "visualizer/app/panel_state.hpp"
#include "visualizer/model/guest_inspection.hpp"
#include "visualizer/panels/panels.hpp"
#include "visualizer/panels/snapshot.hpp"

#include <cstdlib>

namespace ringside::visualizer {

namespace {

// The whole as lines, because columns of figures are read as such; what has changed is marked with '*' and with color.
void line_list(const Context& context, const std::vector<std::string>& lines)
{
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(lines.size()));
    while (clipper.Step()) {
        for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
            const auto& line = lines[static_cast<std::size_t>(i)];
            bool changed = line.find('*') != std::string::npos;
            ImGui::PushStyleColor(ImGuiCol_Text, changed ? context.theme.color(look_of(ExitGroup::Mapping)) : context.theme.text());
            ImGui::TextUnformatted(line.data(), line.data() + line.size());
            ImGui::PopStyleColor();
        }
    }
}

void tab(const Context& context, const char* title, const std::vector<std::string>& lines)
{
    bool open = ImGui::BeginTabItem(title);
    context.mark(fmt::format("cpu {}", title));
    if (!open)
        return;
    ImGui::PushFont(context.fonts.mono);
    ImGui::BeginChild("lines", { 0, 0 }, false, ImGuiWindowFlags_HorizontalScrollbar);
    line_list(context, lines);
    ImGui::EndChild();
    ImGui::PopFont();
    ImGui::EndTabItem();
}

std::vector<std::string> registers(const Models& models)
{
    const auto& now = snapshot_of(models)->cpu;
    const auto* earlier = earlier_snapshot_of(models);
    const CpuState* before = earlier ? &earlier->cpu : nullptr;
    auto all = lines(general_registers(now, before));
    auto add = [&](const std::vector<std::string>& more) {
        all.emplace_back();
        all.insert(all.end(), more.begin(), more.end());
    };
    add(lines(segment_registers(now, before)));
    add(lines(system_registers(now, before)));
    return all;
}

std::vector<std::string> bits(const Models& models)
{
    const auto* earlier = earlier_snapshot_of(models);
    return lines(control_registers(snapshot_of(models)->cpu, earlier ? &earlier->cpu : nullptr));
}

void memory_tab(const Context& context, const Models& models)
{
    bool open = ImGui::BeginTabItem("Memory");
    context.mark("cpu Memory");
    if (!open)
        return;
    auto& address = context.state.memory.address;
    ImGui::SetNextItemWidth(context.px(140));
    ImGui::InputText("guest-linear address", address.data(), address.size(), ImGuiInputTextFlags_CharsNoBlank);
    context.mark("memory address");
    ImGui::PushFont(context.fonts.mono);
    if (auto* memory = memory_of(models)) {
        auto first = static_cast<uint32_t>(std::strtoul(address.data(), nullptr, 0));
        auto rows = static_cast<std::size_t>(std::max(1.0f, ImGui::GetContentRegionAvail().y / ImGui::GetTextLineHeightWithSpacing()));
        line_list(context, lines(hex_rows(*memory, snapshot_of(models)->cpu, AddressSpace::Linear, first, rows)));
    } else {
        ImGui::TextUnformatted("the guest's memory cannot be read");
    }
    ImGui::PopFont();
    ImGui::EndTabItem();
}

}

void draw_cpu(const Context& context, const Models& models)
{
    dim_text(context, "{}", snapshot_words(models));
    if (!snapshot_of(models) || !ImGui::BeginTabBar("cpu"))
        return;
    tab(context, "Registers", registers(models));
    tab(context, "Control bits", bits(models));
    tab(context, "Page tables", lines(page_tables_of(*snapshot_of(models), memory_of(models))));
    memory_tab(context, models);
    ImGui::EndTabBar();
}

std::string cpu_as_text(const Models& models)
{
    auto text = snapshot_words(models) + "\n";
    if (!snapshot_of(models))
        return text;
    return text + joined(registers(models)) + "\n" + joined(bits(models)) + "\n"
        + joined(lines(page_tables_of(*snapshot_of(models), memory_of(models))));
}

}
