// Small drawings that several panels share.
#pragma once

#include "visualizer/app/context.hpp"

#include <fmt/format.h>
#include <imgui.h>
#include <string>
#include <string_view>

namespace ringside::visualizer {

void draw_shape(ImDrawList& list, Shape shape, ImVec2 center, float radius, ImU32 color);
// Cut off with dots where it does not fit.
void draw_text(ImDrawList& list, ImFont* font, ImVec2 at, ImU32 color, std::string_view text, float width = 1e9f);
void draw_text_centered(ImDrawList& list, ImFont* font, ImVec2 center, ImU32 color, std::string_view text, float width = 1e9f);
float text_width(const ImFont* font, std::string_view text);

// At the cursor, as an item: the shape, then the word.
void legend_item(const Context& context, const Look& look, std::string_view word);

struct BarPart {
    const Look* look = nullptr;
    double share = 0; // 0..1 of the bar's width
};
// A bar over the whole width that is left, with parts from left to right; told apart by shapes where there is room.
void bar(const Context& context, std::initializer_list<BarPart> parts);

template<typename... Arguments>
void text(fmt::format_string<Arguments...> format, Arguments&&... arguments)
{
    auto line = fmt::format(format, std::forward<Arguments>(arguments)...);
    ImGui::TextUnformatted(line.data(), line.data() + line.size());
}

template<typename... Arguments>
void dim_text(const Context& context, fmt::format_string<Arguments...> format, Arguments&&... arguments)
{
    ImGui::PushStyleColor(ImGuiCol_Text, context.theme.dim());
    text(format, std::forward<Arguments>(arguments)...);
    ImGui::PopStyleColor();
}

// "12,345", from 100,000 on "123 k", "4.5 M".
std::string short_count(double count);

}
