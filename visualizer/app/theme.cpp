#include "visualizer/app/theme.hpp"

#include <array>

namespace ringside::visualizer {

namespace {

constexpr ImU32 rgb(unsigned red, unsigned green, unsigned blue) { return IM_COL32(red, green, blue, 255); }

struct Colors {
    std::string_view word;
    ImU32 background, panel, raised, text, dim, line, accent, on_accent;
};
constexpr std::array<Colors, 3> themes { {
    { "dark", rgb(18, 21, 27), rgb(27, 31, 39), rgb(42, 48, 60), rgb(233, 237, 243), rgb(160, 169, 182), rgb(66, 74, 90),
        rgb(92, 160, 240), rgb(10, 14, 20) },
    { "light", rgb(236, 239, 243), rgb(255, 255, 255), rgb(221, 227, 236), rgb(22, 27, 34), rgb(84, 93, 105),
        rgb(178, 187, 200), rgb(0, 92, 175), rgb(255, 255, 255) },
    { "high-contrast", rgb(0, 0, 0), rgb(0, 0, 0), rgb(38, 38, 38), rgb(255, 255, 255), rgb(225, 225, 225),
        rgb(200, 200, 200), rgb(255, 221, 0), rgb(0, 0, 0) },
} };

const Colors& colors_of(ThemeName name) { return themes[static_cast<std::size_t>(name)]; }

ImVec4 vec(ImU32 color, float alpha = 1.0f)
{
    auto value = ImGui::ColorConvertU32ToFloat4(color);
    value.w *= alpha;
    return value;
}

}

std::string_view theme_word(ThemeName name) { return colors_of(name).word; }

std::optional<ThemeName> theme_from(std::string_view word)
{
    for (std::size_t i = 0; i < themes.size(); ++i) {
        if (themes[i].word == word)
            return static_cast<ThemeName>(i);
    }
    return std::nullopt;
}

ThemeName next_theme(ThemeName name)
{
    return static_cast<ThemeName>((static_cast<std::size_t>(name) + 1) % themes.size());
}

Theme::Theme(ThemeName name) : m_name(name)
{
    const auto& colors = colors_of(name);
    m_background = colors.background;
    m_panel = colors.panel;
    m_raised = colors.raised;
    m_text = colors.text;
    m_dim = colors.dim;
    m_line = colors.line;
    m_accent = colors.accent;
    m_on_accent = colors.on_accent;
}

ImU32 Theme::color(const Look& look, float alpha) const
{
    const auto& color = m_name == ThemeName::Light ? look.on_light : look.on_dark;
    return faded(rgb(color.red, color.green, color.blue), alpha);
}

ImU32 faded(ImU32 color, float alpha)
{
    auto opacity = static_cast<float>(color >> IM_COL32_A_SHIFT) * alpha;
    return (color & ~IM_COL32_A_MASK) | static_cast<ImU32>(opacity + 0.5f) << IM_COL32_A_SHIFT;
}

void Theme::apply(float scale) const
{
    ImGuiStyle style;
    if (m_name == ThemeName::Light)
        ImGui::StyleColorsLight(&style);
    else
        ImGui::StyleColorsDark(&style);
    style.WindowRounding = 0;
    style.FrameRounding = 4;
    style.ChildRounding = 6;
    style.PopupRounding = 6;
    style.WindowPadding = { 10, 8 };
    style.FramePadding = { 8, 4 };
    style.ItemSpacing = { 8, 6 };
    style.ScrollbarSize = 14;
    auto set = [&](std::initializer_list<int> which, ImVec4 color) {
        for (int index : which)
            style.Colors[index] = color;
    };
    set({ ImGuiCol_WindowBg }, vec(m_background));
    set({ ImGuiCol_ChildBg, ImGuiCol_PopupBg, ImGuiCol_TableRowBg }, vec(m_panel));
    set({ ImGuiCol_Text }, vec(m_text));
    set({ ImGuiCol_TextDisabled }, vec(m_dim));
    set({ ImGuiCol_Border, ImGuiCol_Separator, ImGuiCol_TableBorderStrong, ImGuiCol_TableBorderLight }, vec(m_line));
    set({ ImGuiCol_Button, ImGuiCol_FrameBg, ImGuiCol_TableHeaderBg, ImGuiCol_TitleBg, ImGuiCol_TitleBgActive }, vec(m_raised));
    set({ ImGuiCol_ButtonHovered, ImGuiCol_FrameBgHovered, ImGuiCol_HeaderHovered, ImGuiCol_TextSelectedBg }, vec(m_accent, 0.4f));
    set({ ImGuiCol_ButtonActive, ImGuiCol_FrameBgActive, ImGuiCol_HeaderActive }, vec(m_accent, 0.6f));
    set({ ImGuiCol_Header }, vec(m_accent, 0.28f));
    set({ ImGuiCol_CheckMark, ImGuiCol_SliderGrab, ImGuiCol_SliderGrabActive, ImGuiCol_NavHighlight }, vec(m_accent));
    set({ ImGuiCol_TableRowBgAlt }, vec(m_text, 0.04f));
    set({ ImGuiCol_ScrollbarBg }, vec(m_panel, 0.6f));
    set({ ImGuiCol_ScrollbarGrab }, vec(m_line));
    if (m_name == ThemeName::HighContrast) {
        style.FrameBorderSize = 1;
        style.ChildBorderSize = 1;
    }
    style.ScaleAllSizes(scale);
    ImGui::GetStyle() = style;
}

}
