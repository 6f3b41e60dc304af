#include "visualizer/app/draw.hpp"
#include "visualizer/app/panel_state.hpp"
#include "visualizer/model/guest_inspection.hpp"
#include "visualizer/panels/page_tables.hpp"
#include "visualizer/panels/panels.hpp"
#include "visualizer/panels/snapshot.hpp"

#include <array>
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

void scrolling(const Context& context, const std::vector<std::string>& lines)
{
    ImGui::BeginChild("lines", { 0, 0 }, false, ImGuiWindowFlags_HorizontalScrollbar);
    line_list(context, lines);
    ImGui::EndChild();
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

void draw_registers(const Context& context, const Models& models) { scrolling(context, registers(models)); }
void draw_bits(const Context& context, const Models& models) { scrolling(context, bits(models)); }

void draw_memory(const Context& context, const Models& models)
{
    auto& address = context.state.memory.address;
    ImGui::SetNextItemWidth(context.px(140));
    ImGui::InputText("guest-linear address", address.data(), address.size(), ImGuiInputTextFlags_CharsNoBlank);
    context.mark("memory address");
    if (auto* memory = memory_of(models)) {
        auto first = static_cast<uint32_t>(std::strtoul(address.data(), nullptr, 0));
        auto rows = static_cast<std::size_t>(std::max(1.0f, ImGui::GetContentRegionAvail().y / ImGui::GetTextLineHeightWithSpacing()));
        line_list(context, lines(hex_rows(*memory, snapshot_of(models)->cpu, AddressSpace::Linear, first, rows)));
    } else {
        ImGui::TextUnformatted("the guest's memory cannot be read");
    }
}

struct Tab {
    const char* title;
    void (*draw)(const Context&, const Models&);
};
constexpr std::array tabs {
    Tab { "Registers", draw_registers },
    Tab { "Control bits", draw_bits },
    Tab { "Page tables", draw_page_tables },
    Tab { "Memory", draw_memory },
};

}

void draw_cpu(const Context& context, const Models& models)
{
    dim_text(context, "{}", snapshot_words(models));
    if (!snapshot_of(models) || !ImGui::BeginTabBar("cpu"))
        return;
    for (const auto& tab : tabs) {
        bool is_open = ImGui::BeginTabItem(tab.title);
        context.mark(fmt::format("cpu {}", tab.title));
        if (!is_open)
            continue;
        ImGui::PushFont(context.fonts.mono);
        tab.draw(context, models);
        ImGui::PopFont();
        ImGui::EndTabItem();
    }
    ImGui::EndTabBar();
}

std::string cpu_as_text(const Models& models)
{
    auto text = snapshot_words(models) + "\n";
    if (!snapshot_of(models))
        return text;
    return text + joined(registers(models)) + "\n" + joined(bits(models)) + "\n"
        + joined(page_table_lines(models));
}

}
