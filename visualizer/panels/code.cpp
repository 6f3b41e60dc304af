#include "visualizer/app/draw.hpp"
#include "visualizer/model/guest_inspection.hpp"
#include "visualizer/panels/panels.hpp"
#include "visualizer/panels/snapshot.hpp"

#include <algorithm>

namespace ringside::visualizer {

namespace {

constexpr std::size_t lines_before = 12, lines_after = 28;

std::vector<CodeLine> code_of(const Models& models)
{
    const auto* snapshot = snapshot_of(models);
    auto* memory = memory_of(models);
    if (!snapshot || !memory)
        return {};
    return code_around_eip(*memory, snapshot->cpu, models.run().symbols(), lines_before, lines_after);
}

const Look& look_of_class(InstructionClass kind)
{
    switch (class_letter(kind)) {
    case 'P': return look_of(ExitGroup::Crossing);
    case 'I': return look_of(ExitGroup::Interrupt);
    case 'S': return look_of(ExitGroup::Fault);
    default: return look_of(ExitGroup::Other);
    }
}

void code_line(const Context& context, const CodeLine& code)
{
    if (!code.symbol.empty())
        dim_text(context, "{}:", code.symbol);
    auto at = ImGui::GetCursorScreenPos();
    if (code.is_next)
        ImGui::GetWindowDrawList()->AddRectFilled({ at.x, at.y - 1 }, { at.x + ImGui::GetWindowWidth(), at.y + ImGui::GetTextLineHeight() + 1 },
            faded(context.theme.accent(), 0.28f), context.px(3));
    char letter = class_letter(code.kind);
    ImGui::PushStyleColor(ImGuiCol_Text, letter == ' ' ? context.theme.text() : context.theme.color(look_of_class(code.kind)));
    auto target = code.target.empty() ? "" : "  ; " + code.target;
    text("{} {:08x}  {} {}{}", code.is_next ? "→" : " ", code.address, letter, code.text, target);
    ImGui::PopStyleColor();
    if (!code.effect.empty() && ImGui::IsItemHovered())
        ImGui::SetTooltip("%s", fmt::format("{}: {}", class_words(code.kind), code.effect).c_str());
}

void guest_code(const Context& context, const Models& models)
{
    auto code = code_of(models);
    if (code.empty())
        text("the code at EIP cannot be read");
    for (const auto& line : code)
        code_line(context, line);
}

void translations(const Context& context, const std::vector<BlockView>& blocks)
{
    for (const auto& block : blocks) {
        dim_text(context, "block {:#010x} {} as ring {} runs it", block.address, block.symbol, block.ring);
        for (const auto& line : block.instructions) {
            auto color = line.letter == ' ' ? context.theme.text() : context.theme.color(look_of(ExitGroup::Mapping));
            ImGui::PushStyleColor(ImGuiCol_Text, color);
            text("{}{} {}", line.is_next ? "→" : " ", line.letter, line.guest);
            ImGui::PopStyleColor();
            if (!line.reason.empty() && ImGui::IsItemHovered())
                ImGui::SetTooltip("%s", fmt::format("{}: {}", line.treatment, line.reason).c_str());
            for (const auto& host : line.host)
                dim_text(context, "        {}", host.text);
        }
    }
}

// In one row where there is room for it.
void legend(const Context& context)
{
    for (auto kind : { InstructionClass::Privileged, InstructionClass::IoPrivileged, InstructionClass::Sensitive }) {
        auto words = fmt::format("{}: {}", class_letter(kind), class_words(kind));
        float right = ImGui::GetWindowPos().x + ImGui::GetWindowContentRegionMax().x;
        float gap = context.px(16);
        if (kind != InstructionClass::Privileged && ImGui::GetItemRectMax().x + gap + text_width(context.fonts.text, words) <= right)
            ImGui::SameLine(0, gap);
        ImGui::PushStyleColor(ImGuiCol_Text, context.theme.color(look_of_class(kind)));
        text("{}", words);
        ImGui::PopStyleColor();
    }
}

}

void draw_code(const Context& context, const Models& models)
{
    dim_text(context, "{}", snapshot_words(models));
    const auto* snapshot = snapshot_of(models);
    if (!snapshot)
        return;
    for (auto [label, name, action] : { std::tuple { "Next exit", "step exit", Action::StepExit },
             std::tuple { "Next block", "step block", Action::StepBlock }, std::tuple { "Next ring", "step ring", Action::StepRing } }) {
        if (ImGui::Button(label))
            context.ask(action);
        context.mark(name);
        ImGui::SameLine();
    }
    ImGui::NewLine();
    legend(context);
    auto blocks = translated_blocks(*snapshot, models.run().symbols());
    ImGui::PushFont(context.fonts.mono);
    float width = blocks.empty() ? 0 : std::max(ImGui::GetContentRegionAvail().x * 0.5f, 1.0f);
    ImGui::BeginChild("guest", { width, 0 }, false, ImGuiWindowFlags_HorizontalScrollbar);
    guest_code(context, models);
    ImGui::EndChild();
    if (!blocks.empty()) {
        ImGui::SameLine();
        ImGui::BeginChild("translation", { 0, 0 }, false, ImGuiWindowFlags_HorizontalScrollbar);
        translations(context, blocks);
        ImGui::EndChild();
    }
    ImGui::PopFont();
}

std::string code_as_text(const Models& models)
{
    auto text = snapshot_words(models) + "\n" + joined(lines(code_of(models)));
    if (const auto* snapshot = snapshot_of(models)) {
        for (const auto& block : translated_blocks(*snapshot, models.run().symbols()))
            text += "\n" + joined(lines(block));
    }
    return text;
}

}
