#include "core/report/svg_chart.hpp"

#include "core/report/html_text.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace ringside {

namespace {

constexpr double row_height = 52;
constexpr double thin_row_height = 50;
constexpr double bar_height = 18;
constexpr double thin_bar_height = 8;
constexpr double axis_height = 24;
constexpr double text_above_bar = 8;

std::string percent(ChartPlace place)
{
    return fmt::format("{:.3f}%", std::clamp(place, 0.0, 1.0) * 100);
}

// Those with a pattern are drawn with it.
std::string paint_of(std::string_view fill)
{
    bool has_pattern = fill == "monitor" || fill == "host" || fill == "waiting";
    return has_pattern ? fmt::format("fill=\"url(#pattern-{})\"", fill) : fmt::format("class=\"fill-{}\"", fill);
}

std::string rectangle(ChartPlace from, ChartPlace to, double top, double height, std::string_view fill)
{
    return fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"2\" {}/>\n", percent(from), top,
        percent(std::max(to - from, 0.0)), height, paint_of(fill));
}

// A label at the edge must not hang over it.
std::string_view anchor_of(ChartPlace at)
{
    return at < 0.06 ? "start" : at > 0.94 ? "end" : "middle";
}

std::string pattern(std::string_view name, std::string_view strokes)
{
    return fmt::format("<pattern id=\"pattern-{0}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">"
                       "<rect width=\"8\" height=\"8\" class=\"fill-{0}\"/>{1}</pattern>\n",
        name, strokes);
}

}

SvgChart::SvgChart(std::string id, std::string title, std::string description)
    : m_id(std::move(id))
    , m_title(std::move(title))
    , m_description(std::move(description))
{
}

void SvgChart::row(std::string_view name, std::string_view value, bool is_thin)
{
    m_is_thin = is_thin;
    m_bottom += is_thin ? thin_row_height : row_height;
    double baseline = bar_top() - text_above_bar;
    m_marks += fmt::format("<text x=\"0\" y=\"{}\" class=\"name\">{}</text>"
                           "<text x=\"100%\" y=\"{}\" text-anchor=\"end\" class=\"value\">{}</text>\n",
        baseline, html_escaped(name), baseline, html_escaped(value));
    m_marks += fmt::format("<rect x=\"0\" y=\"{}\" width=\"100%\" height=\"{}\" rx=\"2\" class=\"track\"/>\n", bar_top(),
        is_thin ? 2 * thin_bar_height + 2 : bar_height);
}

void SvgChart::bar(ChartPlace from, ChartPlace to, std::string_view fill)
{
    m_marks += rectangle(from, to, bar_top(), m_is_thin ? thin_bar_height : bar_height, fill);
}

void SvgChart::second_bar(ChartPlace from, ChartPlace to, std::string_view fill)
{
    m_marks += rectangle(from, to, bar_top() + thin_bar_height + 2, thin_bar_height, fill);
}

void SvgChart::range(ChartPlace from, ChartPlace to)
{
    double middle = bar_top() + bar_height / 2;
    auto line = [&](ChartPlace x1, double y1, ChartPlace x2, double y2) {
        for (auto kind : { "halo", "whisker" })
            m_marks += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" class=\"{}\"/>\n", percent(x1), y1,
                percent(x2), y2, kind);
    };
    line(from, middle, to, middle);
    line(from, middle - 5, from, middle + 5);
    line(to, middle - 5, to, middle + 5);
}

void SvgChart::dot(ChartPlace at)
{
    m_marks += fmt::format(
        "<circle cx=\"{}\" cy=\"{}\" r=\"5\" class=\"fill-guest dot\"/>\n", percent(at), bar_top() + bar_height / 2);
}

void SvgChart::grid(ChartPlace at, std::string_view label)
{
    m_grid.emplace_back(at, label);
}

std::string SvgChart::text() const
{
    double height = m_bottom + (m_grid.empty() ? 0 : axis_height);
    auto text = fmt::format("<svg class=\"chart\" role=\"img\" width=\"100%\" height=\"{}\" "
                            "aria-labelledby=\"{}-title {}-description\">\n",
        height, m_id, m_id);
    text += fmt::format("<title id=\"{}-title\">{}</title>\n<desc id=\"{}-description\">{}</desc>\n", m_id,
        html_escaped(m_title), m_id, html_escaped(m_description));
    for (const auto& [at, label] : m_grid)
        text += fmt::format("<line x1=\"{0}\" x2=\"{0}\" y1=\"4\" y2=\"{1}\" class=\"grid\"/>"
                            "<text x=\"{0}\" y=\"{2}\" text-anchor=\"{3}\" class=\"tick\">{4}</text>\n",
            percent(at), m_bottom + 2, m_bottom + 18, anchor_of(at), html_escaped(label));
    return text + m_marks + "</svg>\n";
}

std::string pattern_definitions()
{
    return "<svg width=\"0\" height=\"0\" class=\"definitions\" aria-hidden=\"true\"><defs>\n"
        + pattern("monitor", "<path d=\"M-2 2l4-4M0 8l8-8M6 10l4-4\" class=\"ink\"/>")
        + pattern("host", "<circle cx=\"2\" cy=\"2\" r=\"1.3\" class=\"ink-dot\"/><circle cx=\"6\" cy=\"6\" r=\"1.3\" class=\"ink-dot\"/>")
        + pattern("waiting", "<path d=\"M0 4h8\" class=\"ink\"/>") + "</defs></svg>\n";
}

std::string swatch(std::string_view fill)
{
    return fmt::format("<svg class=\"swatch\" width=\"22\" height=\"14\" aria-hidden=\"true\">"
                       "<rect width=\"22\" height=\"14\" rx=\"2\" {}/></svg>",
        paint_of(fill));
}

}
