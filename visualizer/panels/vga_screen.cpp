#include "visualizer/panels/vga_screen.hpp"

#include "core/devices/screen_text.hpp"
#include "visualizer/app/run.hpp"
#include "visualizer/panels/snapshot.hpp"

#include <algorithm>
#include <array>

namespace ringside::visualizer {

namespace {

// The default palette of the VGA's text modes (IBM VGA XGA Technical Reference 1992, "Video BIOS" color registers).
constexpr std::array<ImU32, 16> palette {
    IM_COL32(0, 0, 0, 255), IM_COL32(0, 0, 170, 255), IM_COL32(0, 170, 0, 255), IM_COL32(0, 170, 170, 255),
    IM_COL32(170, 0, 0, 255), IM_COL32(170, 0, 170, 255), IM_COL32(170, 85, 0, 255), IM_COL32(170, 170, 170, 255),
    IM_COL32(85, 85, 85, 255), IM_COL32(85, 85, 255, 255), IM_COL32(85, 255, 85, 255), IM_COL32(85, 255, 255, 255),
    IM_COL32(255, 85, 85, 255), IM_COL32(255, 85, 255, 255), IM_COL32(255, 255, 85, 255), IM_COL32(255, 255, 255, 255)
};

bool is_empty(const VgaTextSnapshot& screen) { return screen_text(screen).empty(); }

void cell(ImDrawList& list, ImFont* font, ImVec2 at, ImVec2 size, const VgaTextSnapshot::Cell& cell)
{
    list.AddRectFilled(at, { at.x + size.x, at.y + size.y }, palette[cell.attribute >> 4 & 7]);
    auto glyph = glyph_437(cell.character);
    if (glyph != " ")
        list.AddText(font, font->FontSize, at, palette[cell.attribute & 15], glyph.data(), glyph.data() + glyph.size());
}

}

const VgaTextSnapshot* vga_screen_of(const Models& models)
{
    const auto* observed = models.run().observed();
    const VgaTextSnapshot* screen = nullptr;
    if (observed && observed->end() && observed->end()->screen)
        screen = &*observed->end()->screen;
    else if (const auto* snapshot = snapshot_of(models))
        screen = &snapshot->screen;
    return screen && !is_empty(*screen) ? screen : nullptr;
}

void draw_vga_screen(const Context& context, const VgaTextSnapshot& screen)
{
    auto* font = context.fonts.mono;
    ImVec2 size { font->GetCharAdvance('M'), ImGui::GetTextLineHeight() };
    auto origin = ImGui::GetCursorScreenPos();
    auto& list = *ImGui::GetWindowDrawList();
    for (unsigned row = 0; row < VgaTextSnapshot::rows; ++row) {
        for (unsigned column = 0; column < VgaTextSnapshot::columns; ++column)
            cell(list, font, { origin.x + size.x * static_cast<float>(column), origin.y + size.y * static_cast<float>(row) }, size,
                screen.at(column, row));
    }
    if (screen.cursor_visible) {
        float x = origin.x + size.x * static_cast<float>(screen.cursor_column);
        float y = origin.y + size.y * static_cast<float>(screen.cursor_row + 1);
        list.AddRectFilled({ x, y - std::max(size.y * 0.14f, 1.0f) }, { x + size.x, y }, palette[7]);
    }
    ImGui::Dummy({ size.x * VgaTextSnapshot::columns, size.y * VgaTextSnapshot::rows });
}

}
