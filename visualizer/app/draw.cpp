#include "visualizer/app/draw.hpp"

#include "core/trace/time_format.hpp"

#include <algorithm>
#include <cmath>

namespace ringside::visualizer {

namespace {

ImVec2 operator+(ImVec2 a, ImVec2 b) { return { a.x + b.x, a.y + b.y }; }

void triangle(ImDrawList& list, ImVec2 center, float radius, float direction, ImU32 color)
{
    list.AddTriangleFilled(center + ImVec2(-radius, radius * 0.8f * direction), center + ImVec2(radius, radius * 0.8f * direction),
        center + ImVec2(0, -radius * direction), color);
}

}

void draw_shape(ImDrawList& list, Shape shape, ImVec2 center, float radius, ImU32 color)
{
    float thick = std::max(1.5f, radius * 0.4f);
    float r = radius;
    switch (shape) {
    case Shape::Disc: return list.AddCircleFilled(center, r, color);
    case Shape::Square: return list.AddRectFilled(center + ImVec2(-r, -r), center + ImVec2(r, r), color);
    case Shape::Diamond:
        return list.AddQuadFilled(center + ImVec2(0, -r), center + ImVec2(r, 0), center + ImVec2(0, r), center + ImVec2(-r, 0), color);
    case Shape::TriangleUp: return triangle(list, center, r, 1, color);
    case Shape::TriangleDown: return triangle(list, center, r, -1, color);
    case Shape::Cross:
        list.AddLine(center + ImVec2(-r, -r), center + ImVec2(r, r), color, thick);
        return list.AddLine(center + ImVec2(-r, r), center + ImVec2(r, -r), color, thick);
    case Shape::Ring: return list.AddCircle(center, r - thick / 2, color, 0, thick);
    case Shape::Frame: return list.AddRect(center + ImVec2(-r, -r), center + ImVec2(r, r), color, 0, 0, thick);
    case Shape::Plus:
        list.AddLine(center + ImVec2(-r, 0), center + ImVec2(r, 0), color, thick);
        return list.AddLine(center + ImVec2(0, -r), center + ImVec2(0, r), color, thick);
    case Shape::Bar: return list.AddRectFilled(center + ImVec2(-r, -r * 0.45f), center + ImVec2(r, r * 0.45f), color);
    }
}

float text_width(const ImFont* font, std::string_view text)
{
    return font->CalcTextSizeA(font->FontSize, 1e9f, 0, text.data(), text.data() + text.size()).x;
}

void draw_text(ImDrawList& list, ImFont* font, ImVec2 at, ImU32 color, std::string_view text, float width)
{
    if (text_width(font, text) <= width)
        return list.AddText(font, font->FontSize, at, color, text.data(), text.data() + text.size());
    constexpr std::string_view dots = "…";
    float left = width - text_width(font, dots);
    if (left <= 0)
        return;
    const char* end = text.data();
    font->CalcTextSizeA(font->FontSize, left, 0, text.data(), text.data() + text.size(), &end);
    std::string cut { text.data(), end };
    cut += dots;
    list.AddText(font, font->FontSize, at, color, cut.data(), cut.data() + cut.size());
}

void draw_text_centered(ImDrawList& list, ImFont* font, ImVec2 center, ImU32 color, std::string_view text, float width)
{
    float w = std::min(text_width(font, text), width);
    draw_text(list, font, { center.x - w / 2, center.y - font->FontSize / 2 }, color, text, width);
}

void legend_item(const Context& context, const Look& look, std::string_view word)
{
    auto at = ImGui::GetCursorScreenPos();
    float height = ImGui::GetTextLineHeight();
    draw_shape(*ImGui::GetWindowDrawList(), look.shape, { at.x + height / 2, at.y + height / 2 }, height * 0.32f,
        context.theme.color(look));
    ImGui::Dummy({ height, height });
    ImGui::SameLine(0, height * 0.25f);
    ImGui::TextUnformatted(word.data(), word.data() + word.size());
}

void bar(const Context& context, std::initializer_list<BarPart> parts)
{
    auto& list = *ImGui::GetWindowDrawList();
    auto at = ImGui::GetCursorScreenPos();
    float width = std::max(1.0f, ImGui::GetContentRegionAvail().x);
    float height = std::round(ImGui::GetTextLineHeight() * 0.9f);
    list.AddRectFilled(at, { at.x + width, at.y + height }, context.theme.raised(), context.px(3));
    float x = at.x;
    for (const auto& part : parts) {
        float end = std::min(at.x + width, x + width * static_cast<float>(std::clamp(part.share, 0.0, 1.0)));
        if (end - x >= 0.5f)
            list.AddRectFilled({ x, at.y }, { end, at.y + height }, context.theme.color(*part.look), context.px(3));
        if (end - x > height * 1.6f)
            draw_shape(list, part.look->shape, { x + height * 0.7f, at.y + height / 2 }, height * 0.26f, context.theme.panel());
        x = end;
    }
    list.AddRect(at, { at.x + width, at.y + height }, context.theme.line(), context.px(3));
    ImGui::Dummy({ width, height });
}

std::string short_count(double count)
{
    if (!(count >= 0))
        return "0";
    if (count < 100'000)
        return format_count(static_cast<uint64_t>(count + 0.5));
    return count < 10e6 ? fmt::format("{:.0f} k", count / 1e3) : fmt::format("{:.1f} M", count / 1e6);
}

}
