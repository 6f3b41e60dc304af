// Charts as inline SVG: rows, one below the other, each with its name at the left, its value in words at the right, and
// marks below. Horizontal places are shares of the chart's width, sizes of text are not, so that a chart fits a telephone
// and a wall.
//
// Colors come from the page's style sheet: classes fill-NAME. A mark that is drawn with a pattern names one of
// pattern_definitions(), which the page contains once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ringside {

// A place from 0 (left) to 1 (right).
using ChartPlace = double;

class SvgChart {
public:
    // `id`: unique within the page. `description` says in words what the picture shows.
    SvgChart(std::string id, std::string title, std::string description);

    // Begins a row; what is drawn next belongs to it.
    void row(std::string_view name, std::string_view value, bool is_thin = false);
    // A bar from `from` to `to`. `fill`: "guest", "monitor", ...
    void bar(ChartPlace from, ChartPlace to, std::string_view fill);
    // The range in which runs lie.
    void range(ChartPlace from, ChartPlace to);
    void dot(ChartPlace at);
    // A second bar below the first of a thin row.
    void second_bar(ChartPlace from, ChartPlace to, std::string_view fill);
    // A vertical line through all rows with its label below.
    void grid(ChartPlace at, std::string_view label);

    std::string text() const;

private:
    double bar_top() const { return m_bottom - (m_is_thin ? 26 : 24); }

    std::string m_id;
    std::string m_title;
    std::string m_description;
    std::string m_marks;
    std::vector<std::pair<ChartPlace, std::string>> m_grid;
    double m_bottom = 0; // of the rows so far, in pixels
    bool m_is_thin = false;
};

// The patterns that stand beside color, in an SVG of no size.
std::string pattern_definitions();
// A field of a legend.
std::string swatch(std::string_view fill);

}
