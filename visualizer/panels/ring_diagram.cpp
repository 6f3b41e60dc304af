#include "visualizer/panels/ring_diagram.hpp"

#include "core/trace/story.hpp"
#include "visualizer/app/draw.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace ringside::visualizer {

namespace {

constexpr float pi = 3.14159265f;
constexpr float core = 0.24f; // radius of the monitor's disc, as a share of the whole
// Where the bands of rings 0, 1, 2 and 3 begin and end. Rings 1 and 2, which hardly anybody uses, are narrow.
constexpr std::array<std::array<float, 2>, 4> bands { { { 0.28f, 0.50f }, { 0.52f, 0.60f }, { 0.62f, 0.70f }, { 0.72f, 0.98f } } };

struct Diagram {
    const Context& context;
    ImDrawList& list;
    ImVec2 center;
    float radius;

    ImVec2 at(float angle, float distance) const
    {
        return { center.x + std::cos(angle) * distance * radius, center.y + std::sin(angle) * distance * radius };
    }
};

enum class Side { Believed, Real };

// Half a ring. Angles are counted clockwise from the right, because y points down.
void half_band(const Diagram& d, Side side, float inner, float outer, ImU32 color)
{
    float gap = 0.035f;
    float begin = side == Side::Real ? -pi / 2 + gap : pi / 2 + gap;
    float end = begin + pi - 2 * gap;
    d.list.PathArcTo(d.center, (inner + outer) / 2 * d.radius, begin, end, 48);
    d.list.PathStroke(color, 0, (outer - inner) * d.radius);
}

double heat_of(const Run& run, unsigned virtual_ring)
{
    double sum = 0;
    for (double share : run.heat()[virtual_ring])
        sum += share;
    return sum;
}

double total_heat(const Run& run)
{
    double sum = 0;
    for (unsigned ring = 0; ring < 4; ++ring)
        sum += heat_of(run, ring);
    return sum;
}

float glow(double share) { return share <= 0 ? 0.0f : 0.30f + 0.70f * static_cast<float>(std::sqrt(std::min(1.0, share))); }

void empty_bands(const Diagram& d)
{
    for (unsigned ring = 0; ring < 4; ++ring) {
        for (auto side : { Side::Believed, Side::Real })
            half_band(d, side, bands[ring][0], bands[ring][1], d.context.theme.raised());
    }
}

void believed_half(const Diagram& d, const Run& run, double total)
{
    for (unsigned ring = 0; ring < 4; ++ring) {
        if (double share = heat_of(run, ring) / total; share > 0)
            half_band(d, Side::Believed, bands[ring][0], bands[ring][1], d.context.theme.color(look_of_ring(ring), glow(share)));
    }
}

// Several of the guest's rings in one real ring lie in its band beside each other: that is ring compression.
void real_half(const Diagram& d, const Run& run, double total)
{
    const auto& heat = run.heat();
    auto fill = [&](unsigned real, unsigned column) {
        unsigned tenants = 0, place = 0;
        for (unsigned ring = 0; ring < 4; ++ring)
            tenants += heat[ring][column] > 0;
        for (unsigned ring = 0; ring < 4; ++ring) {
            if (heat[ring][column] <= 0)
                continue;
            float width = (bands[real][1] - bands[real][0]) / static_cast<float>(tenants);
            float inner = bands[real][0] + width * static_cast<float>(place++);
            half_band(d, Side::Real, inner, inner + width * 0.94f,
                d.context.theme.color(look_of_ring(ring), glow(heat[ring][column] / total)));
        }
    };
    fill(0, 0);
    fill(3, 1);
    // In non-root mode the guest has all four rings to itself.
    for (unsigned ring = 0; ring < 4; ++ring) {
        if (heat[ring][2] > 0)
            half_band(d, Side::Real, bands[ring][0], bands[ring][1],
                d.context.theme.color(look_of_ring(ring), glow(heat[ring][2] / total)));
    }
    fill(3, 3);
    for (unsigned ring = 0; ring < 4; ++ring) {
        if (heat[ring][3] <= 0)
            continue;
        // Interpreted code has no ring: the band is striped.
        for (int stripe = -8; stripe <= 8; ++stripe) {
            float angle = static_cast<float>(stripe) * pi / 18;
            d.list.AddLine(d.at(angle, bands[3][0]), d.at(angle + 0.10f, bands[3][1]), d.context.theme.panel(), d.radius * 0.022f);
        }
        break;
    }
}

void band_numbers(const Diagram& d)
{
    auto* font = d.context.fonts.text;
    if (bands[1][1] * d.radius - bands[1][0] * d.radius < font->FontSize * 0.55f)
        return;
    for (unsigned ring = 0; ring < 4; ++ring) {
        float middle = (bands[ring][0] + bands[ring][1]) / 2;
        auto digit = std::to_string(ring);
        for (float angle : { pi / 4, 3 * pi / 4 }) {
            auto at = d.at(angle, middle);
            if (ring == 0 || ring == 3)
                d.list.AddCircleFilled(at, font->FontSize * 0.62f, d.context.theme.panel());
            draw_text_centered(d.list, font, at, d.context.theme.text(), digit);
        }
    }
}

bool is_hardware(const Run& run)
{
    return run.strategy() == "hardware" || (!run.playback().empty() && run.playback().event().real_ring == RealRing::NonRoot);
}

void monitor_disc(const Diagram& d, const Run& run, bool active)
{
    const auto& look = look_of_monitor();
    auto color = d.context.theme.color(look);
    d.list.AddCircleFilled(d.center, core * d.radius, active ? color : d.context.theme.raised(), 48);
    d.list.AddCircle(d.center, core * d.radius, color, 48, std::max(1.0f, d.context.px(2)));
    auto* font = d.context.fonts.text;
    auto text = active ? d.context.theme.panel() : d.context.theme.dim();
    std::string_view word = is_hardware(run) ? "ring -1" : "monitor";
    if (text_width(font, word) > core * d.radius * 1.6f)
        word = is_hardware(run) ? "-1" : "M";
    // Above the way of the marks.
    draw_text_centered(d.list, font, { d.center.x, d.center.y - core * d.radius * 0.5f }, text, word);
}

float distance_of(const RingPosition& position, Side side)
{
    if (position.in_monitor)
        return core * 0.62f;
    if (side == Side::Believed)
        return (bands[position.virtual_ring & 3][0] + bands[position.virtual_ring & 3][1]) / 2;
    switch (position.real_ring) {
    case RealRing::Ring0: return (bands[0][0] + bands[0][1]) / 2;
    case RealRing::NonRoot: return (bands[position.virtual_ring & 3][0] + bands[position.virtual_ring & 3][1]) / 2;
    case RealRing::Ring3:
    case RealRing::Interpreted: break;
    }
    // The kernel and the program have the two halves of the outermost band.
    float width = bands[3][1] - bands[3][0];
    return bands[3][0] + width * (position.virtual_ring == 3 ? 0.72f : 0.25f);
}

void marker(const Diagram& d, const RingPlayback& playback, Side side)
{
    float from = distance_of(playback.before(), side), to = distance_of(playback.position(), side);
    // Moves in the first third of its time, then rests.
    float way = std::clamp(static_cast<float>(playback.progress()) * 3, 0.0f, 1.0f);
    way = way * way * (3 - 2 * way);
    float angle = side == Side::Real ? 0 : pi;
    auto color = d.context.theme.text();
    float size = std::max(d.context.px(6), d.radius * 0.055f);
    if (from != to)
        d.list.AddLine(d.at(angle, from), d.at(angle, from + (to - from) * way), color, size * 0.5f);
    auto center = d.at(angle, from + (to - from) * way);
    d.list.AddCircleFilled(center, size * 1.35f, d.context.theme.panel());
    if (side == Side::Believed)
        d.list.AddCircleFilled(center, size, color);
    else
        draw_shape(d.list, Shape::Diamond, center, size * 1.15f, color);
}

void sides(const Diagram& d, ImVec2 least, ImVec2 most)
{
    auto* font = d.context.fonts.text;
    float half = (most.x - least.x) / 2;
    auto heading = [&](float x, Shape shape, std::string_view words, bool right) {
        float size = font->FontSize * 0.3f;
        float width = std::min(text_width(font, words) + size * 3.5f, half);
        float begin = right ? x - width : x;
        draw_shape(d.list, shape, { begin + size, least.y + font->FontSize / 2 }, size, d.context.theme.text());
        draw_text(d.list, font, { begin + size * 3, least.y }, d.context.theme.text(), words, half - size * 3);
    };
    heading(least.x, Shape::Disc, "believes", false);
    heading(most.x, Shape::Diamond, "really", true);
}

// What has happened, with the shape of its kind.
void cause(const Context& context, ImDrawList& list, const Run& run, ImVec2 least, ImVec2 most)
{
    const auto& event = run.playback().event();
    bool is_exit = describe(event.kind).category == EventCategory::Exit;
    const auto& look = is_exit ? look_of(group_of(event.kind)) : look_of_ring(event.virtual_ring);
    auto* font = context.fonts.text;
    float size = font->FontSize * 0.34f;
    draw_shape(list, look.shape, { least.x + size, least.y + font->FontSize / 2 }, size, context.theme.color(look));
    float left = least.x + font->FontSize;
    auto words = sentence(event, Style {});
    // Two lines at most.
    const char* begin = words.c_str();
    const char* end = begin + words.size();
    const char* cut = font->CalcWordWrapPositionA(1.0f, begin, end, most.x - left);
    draw_text(list, font, { left, least.y }, context.theme.text(), { begin, cut }, most.x - left);
    while (cut < end && *cut == ' ')
        ++cut;
    if (cut < end && least.y + 2 * font->FontSize <= most.y + 1)
        draw_text(list, font, { left, least.y + font->FontSize * 1.15f }, context.theme.text(), { cut, end }, most.x - left);
}

}

std::string believed_text(const RingPosition& position)
{
    return std::string { look_of_ring(position.virtual_ring).word };
}

std::string real_text(const RingPosition& position)
{
    if (position.in_monitor)
        return position.real_ring == RealRing::NonRoot ? "the monitor, in root mode" : "the monitor works";
    return std::string { real_ring_name(position.real_ring) };
}

void draw_ring_diagram(const Context& context, const Run& run, ImVec2 least, ImVec2 most)
{
    auto& list = *ImGui::GetWindowDrawList();
    float line = context.fonts.text->FontSize * 1.15f;
    bool has_words = most.y - least.y > line * 10;
    float below = has_words ? line * 4.9f : 0;
    float above = has_words ? line * 0.5f : 0;
    float radius = std::min((most.x - least.x) / 2, (most.y - least.y - below - above) / 2);
    if (radius < 8)
        return;
    Diagram d { context, list, { (least.x + most.x) / 2, least.y + above + radius }, radius };
    list.PushClipRect(least, most, true);
    empty_bands(d);
    if (double total = total_heat(run); total > 0) {
        believed_half(d, run, total);
        real_half(d, run, total);
    }
    band_numbers(d);
    const auto& playback = run.playback();
    bool active = !playback.empty() && playback.position().in_monitor;
    monitor_disc(d, run, active);
    if (has_words)
        sides(d, least, most);
    if (!playback.empty()) {
        marker(d, playback, Side::Believed);
        marker(d, playback, Side::Real);
        if (has_words) {
            auto position = playback.position();
            float y = d.center.y + radius + line * 0.35f;
            draw_text_centered(list, context.fonts.bold, { d.center.x, y + line / 2 }, context.theme.text(),
                "believes: " + believed_text(position), most.x - least.x);
            draw_text_centered(list, context.fonts.bold, { d.center.x, y + line * 1.5f }, context.theme.text(),
                "really: " + real_text(position), most.x - least.x);
            cause(context, list, run, { least.x, y + line * 2.2f }, most);
        }
    }
    list.PopClipRect();
}

}
