#include "visualizer/app/draw.hpp"
#include "visualizer/model/guest_inspection.hpp"
#include "visualizer/panels/panels.hpp"
#include "visualizer/panels/snapshot.hpp"

namespace ringside::visualizer {

namespace {

void interrupt_lines(const Context& context, const GuestSnapshot& snapshot)
{
    text("Interrupt lines: {}", snapshot.interrupt_pending ? "an interrupt waits for the CPU" : "none waits for the CPU");
    if (!ImGui::BeginTable("lines", 6, ImGuiTableFlags_RowBg | ImGuiTableFlags_SizingFixedFit))
        return;
    for (const char* heading : { "IRQ", "held", "latched", "in service", "masked (PIC)", "masked (APIC)" })
        ImGui::TableSetupColumn(heading);
    ImGui::TableHeadersRow();
    auto cell = [&](bool value) {
        ImGui::TableNextColumn();
        ImGui::TextUnformatted(value ? "yes" : "-");
    };
    for (const auto& line : snapshot.lines) {
        ImGui::TableNextRow();
        ImGui::TableNextColumn();
        bool matters = line.asserted || line.requested || line.in_service;
        ImGui::PushStyleColor(ImGuiCol_Text, matters ? context.theme.text() : context.theme.dim());
        text("{}", line.irq);
        for (bool value : { line.asserted, line.requested, line.in_service, line.masked, line.masked_at_apic })
            cell(value);
        ImGui::PopStyleColor();
    }
    ImGui::EndTable();
}

}

void draw_devices(const Context& context, const Models& models)
{
    dim_text(context, "{}", snapshot_words(models));
    const auto* snapshot = snapshot_of(models);
    if (!snapshot)
        return;
    ImGui::BeginChild("devices", { 0, 0 });
    interrupt_lines(context, *snapshot);
    std::size_t number = 0;
    for (const auto& device : device_registers(*snapshot, earlier_snapshot_of(models))) {
        ImGui::PushID(static_cast<int>(number++));
        if (ImGui::CollapsingHeader(device.name.c_str(), ImGuiTreeNodeFlags_DefaultOpen)) {
            ImGui::PushFont(context.fonts.mono);
            for (const auto& line : lines(device.rows))
                ImGui::TextUnformatted(line.c_str());
            ImGui::PopFont();
        }
        ImGui::PopID();
    }
    ImGui::EndChild();
}

std::string devices_as_text(const Models& models)
{
    auto text = snapshot_words(models) + "\n";
    const auto* snapshot = snapshot_of(models);
    if (!snapshot)
        return text;
    text += joined(lines(snapshot->lines));
    for (const auto& device : device_registers(*snapshot, earlier_snapshot_of(models)))
        text += "\n" + device.name + "\n" + joined(lines(device.rows));
    return text;
}

}
