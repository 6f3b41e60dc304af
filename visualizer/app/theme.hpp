// Light, dark and high contrast; the colors of a look under each.
#pragma once

#include "visualizer/app/palette.hpp"

#include <cstdint>
#include <imgui.h>
#include <optional>
#include <string_view>

namespace ringside::visualizer {

enum class ThemeName : uint8_t { Dark, Light, HighContrast };
std::string_view theme_word(ThemeName name); // "dark", "light", "high-contrast"
std::optional<ThemeName> theme_from(std::string_view word);
ThemeName next_theme(ThemeName name);

class Theme {
public:
    explicit Theme(ThemeName name);

    // To the ImGui context: colors, and paddings for this scale.
    void apply(float scale) const;

    ThemeName name() const { return m_name; }
    ImU32 color(const Look& look, float alpha = 1.0f) const;
    ImU32 background() const { return m_background; }
    ImU32 panel() const { return m_panel; }
    ImU32 raised() const { return m_raised; }
    ImU32 text() const { return m_text; }
    ImU32 dim() const { return m_dim; }
    ImU32 line() const { return m_line; }
    ImU32 accent() const { return m_accent; }
    ImU32 on_accent() const { return m_on_accent; } // text on accent()

private:
    ThemeName m_name;
    ImU32 m_background, m_panel, m_raised, m_text, m_dim, m_line, m_accent, m_on_accent;
};

// `color` with its opacity multiplied.
ImU32 faded(ImU32 color, float alpha);

}
