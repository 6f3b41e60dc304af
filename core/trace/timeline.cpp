#include "core/trace/timeline.hpp"

#include "core/trace/field_format.hpp"
#include "core/trace/ring_spans.hpp"
#include "core/trace/time_format.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace ringside {

namespace {

struct Stretch {
    RingSpan span;
    std::string change;
};

struct Glyphs {
    std::string_view bar, line, left, right, corner_of_left, corner_of_right, more;
};
constexpr Glyphs unicode_glyphs { "▇", "─", "◀", "▶", "╰", "╯", "…" };
constexpr Glyphs ascii_glyphs { "#", "-", "<", ">", "`", "'", "..." };

bool tells_vector(EventKind kind, RingChangeCause cause)
{
    switch (cause) {
    case RingChangeCause::SoftwareInterrupt:
        return kind == EventKind::SoftwareInterrupt || kind == EventKind::Injection;
    case RingChangeCause::Exception:
        return kind == EventKind::Exception || kind == EventKind::DoubleFault || kind == EventKind::Injection;
    case RingChangeCause::Interrupt:
        return kind == EventKind::ExternalInterrupt || kind == EventKind::Injection;
    default:
        return false;
    }
}

// The event, recorded next to a ring change, that has its vector. An exit's record follows those of what the monitor
// did during it, so what comes behind is looked at first.
const EventRecord* vector_event_near(std::span<const EventRecord> events, std::size_t at)
{
    constexpr std::size_t reach = 4;
    auto cause = static_cast<RingChangeCause>(events[at].c);
    for (std::size_t i = at + 1; i < events.size() && i <= at + reach && events[i].kind != EventKind::RingChange; ++i) {
        if (tells_vector(events[i].kind, cause))
            return &events[i];
    }
    for (std::size_t i = at; i-- > 0 && i + reach >= at && events[i].kind != EventKind::RingChange;) {
        if (tells_vector(events[i].kind, cause))
            return &events[i];
    }
    return nullptr;
}

std::string name_change(std::span<const EventRecord> events, std::size_t at)
{
    if (events[at].kind == EventKind::StrategySwitch)
        return fmt::format("to {}", format_field({ "to_strategy", events[at].b }, events[at]));
    const auto* near = vector_event_near(events, at);
    switch (auto cause = static_cast<RingChangeCause>(events[at].c)) {
    case RingChangeCause::SoftwareInterrupt:
        return near ? fmt::format("INT {:#x}", near->b) : "INT";
    case RingChangeCause::Exception:
        return near ? format_field({ "vector", near->b }, *near) : "exception";
    case RingChangeCause::Interrupt:
        return near ? fmt::format("vector {:#x}", near->b) : "interrupt";
    case RingChangeCause::Iret:
        return "IRET";
    case RingChangeCause::Sysenter:
        return "SYSENTER";
    case RingChangeCause::Sysexit:
        return "SYSEXIT";
    default:
        return std::string(ring_change_cause_name(cause));
    }
}

std::vector<Stretch> find_stretches(std::span<const EventRecord> events)
{
    std::vector<Stretch> stretches;
    RingSpans spans(RingSpans::Which::Virtual);
    std::string change = "-";
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (auto ended = spans.feed(events[i]))
            stretches.push_back({ *ended, std::exchange(change, name_change(events, i)) });
        else if (i == 0 && events[i].kind == EventKind::RingChange)
            change = name_change(events, i);
    }
    if (auto last = spans.finish())
        stretches.push_back({ *last, std::move(change) });
    return stretches;
}

// The lanes side by side: one for each ring that occurs, rings 0 and 3 always.
class Lanes {
public:
    static constexpr std::size_t total_width = 29;

    Lanes(const std::vector<Stretch>& stretches, const Style& style)
        : m_style(style), m_glyphs(style.unicode ? unicode_glyphs : ascii_glyphs)
    {
        for (const auto& stretch : stretches)
            m_used[stretch.span.ring] = true;
        auto count = static_cast<std::size_t>(std::count(m_used.begin(), m_used.end(), true));
        m_lane_width = (total_width + 1) / count - 1;
    }

    std::string heading() const
    {
        using Names = std::array<std::string_view, 4>;
        constexpr Names long_names { "ring 0 kernel", "", "", "ring 3 program" },
            short_names { "ring 0", "ring 1", "ring 2", "ring 3" };
        const auto& names = m_used[1] || m_used[2] ? short_names : long_names;
        std::string text;
        for (unsigned ring = 0; ring < 4; ++ring) {
            if (m_used[ring])
                text += m_style.paint(ring_color(ring), fmt::format("{:<{}}", names[ring], m_lane_width + 1));
        }
        return text + std::string(padding(), ' ');
    }

    // The bar of a stretch in its lane, and the arrow from the lane of the one before.
    std::string row(unsigned ring, uint64_t nanoseconds, std::optional<unsigned> previous) const
    {
        std::array<Cell, total_width + 1> cells {};
        auto start = first_cell(ring), length = bar_length(nanoseconds);
        std::fill_n(
            cells.begin() + static_cast<std::ptrdiff_t>(start), length, Cell { m_glyphs.bar, ring_color(ring) });
        if (previous && first_cell(*previous) < start)
            draw(cells, first_cell(*previous), m_glyphs.corner_of_left, start - 2, m_glyphs.right);
        else if (previous && first_cell(*previous) > start)
            draw(cells, start + length + 1, m_glyphs.left, first_cell(*previous), m_glyphs.corner_of_right);
        return paint(cells);
    }

private:
    struct Cell {
        std::string_view glyph = " ";
        Color color = Color::Plain;
    };
    using Cells = std::array<Cell, total_width + 1>;

    std::size_t padding() const
    {
        auto count = static_cast<std::size_t>(std::count(m_used.begin(), m_used.end(), true));
        return total_width + 1 - count * (m_lane_width + 1);
    }

    std::size_t first_cell(unsigned ring) const
    {
        auto before = std::count(m_used.begin(), m_used.begin() + ring, true);
        return static_cast<std::size_t>(before) * (m_lane_width + 1);
    }

    // From one cell for 100 ns or less to the whole lane, less the arrow's room, for 100 ms or more, logarithmically.
    std::size_t bar_length(uint64_t nanoseconds) const
    {
        constexpr double shortest = 2, longest = 8; // decades of nanoseconds
        auto most = static_cast<double>(m_lane_width - 2);
        double decade = std::log10(static_cast<double>(std::max<uint64_t>(nanoseconds, 1)));
        double part = std::clamp((decade - shortest) / (longest - shortest), 0.0, 1.0);
        return static_cast<std::size_t>(std::lround(1 + part * (most - 1)));
    }

    void draw(Cells& cells, std::size_t first, std::string_view left, std::size_t last, std::string_view right) const
    {
        for (auto i = first; i <= last; ++i)
            cells[i] = { m_glyphs.line, Color::Dim };
        cells[first].glyph = left;
        cells[last].glyph = right;
    }

    std::string paint(const Cells& cells) const
    {
        std::string text;
        for (std::size_t i = 0; i < cells.size();) {
            std::string run;
            auto color = cells[i].color;
            for (; i < cells.size() && cells[i].color == color; ++i)
                run += cells[i].glyph;
            text += m_style.paint(color, run);
        }
        return text;
    }

    const Style& m_style;
    Glyphs m_glyphs;
    std::array<bool, 4> m_used { true, false, false, true };
    std::size_t m_lane_width = 0;
};

Color real_ring_color(RealRing ring)
{
    switch (ring) {
    case RealRing::Ring0:
        return Color::Ring0;
    case RealRing::Ring3:
        return Color::Ring3;
    default:
        return Color::Dim;
    }
}

std::string shares(const std::vector<Stretch>& stretches, const TickScale& scale, const Style& style)
{
    constexpr double width = 46;
    std::array<uint64_t, 4> times {};
    for (const auto& stretch : stretches)
        times[stretch.span.ring] += scale.nanoseconds(stretch.span.end - stretch.span.begin);
    double all = 0;
    for (auto time : times)
        all += static_cast<double>(time);
    std::string text;
    for (unsigned ring = 0; ring < 4; ++ring) {
        if (times[ring] == 0)
            continue;
        double part = static_cast<double>(times[ring]) / all;
        std::string bar;
        for (long i = std::max(1L, std::lround(part * width)); i > 0; --i)
            bar += style.unicode ? unicode_glyphs.bar : ascii_glyphs.bar;
        fmt::format_to(std::back_inserter(text), "  in ring {}  {:>9}  {:>5.1f}%  {}\n", ring,
            format_duration(times[ring], style), part * 100, style.paint(ring_color(ring), bar));
    }
    return text;
}

}

std::string timeline_text(
    std::span<const EventRecord> events, const TickScale& scale, unsigned rows, const Style& style)
{
    auto stretches = find_stretches(events);
    if (stretches.empty())
        return "  No ring changes were recorded.\n";
    Lanes lanes(stretches, style);
    std::string text = style.paint(Color::Bold, fmt::format("{:>11}  ", "since")) + lanes.heading()
        + style.paint(Color::Bold, fmt::format(" {:>9}  {:<11}  {}", "for", "really", "change")) + '\n';
    std::optional<unsigned> previous;
    for (const auto& [span, change] : std::span { stretches }.first(std::min<std::size_t>(rows, stretches.size()))) {
        auto length = scale.nanoseconds(span.end - span.begin);
        auto real = span.change.real_ring;
        fmt::format_to(std::back_inserter(text), "{:>11}  {} {:>9}  {}  {}\n",
            format_moment(scale.since_origin(span.begin)), lanes.row(span.ring, length, previous),
            format_duration(length, style),
            style.paint(real_ring_color(real), fmt::format("{:<11}", real_ring_name(real))), change);
        previous = span.ring;
    }
    if (stretches.size() > rows)
        text += style.paint(Color::Dim,
                    fmt::format("{:>11}  and {} more", style.unicode ? unicode_glyphs.more : ascii_glyphs.more,
                        format_count(stretches.size() - rows)))
            + '\n';
    text += '\n' + shares(stretches, scale, style);
    text += style.paint(Color::Dim, "  The bars of the time line are logarithmic: six decades, from 100 ns to 100 ms.")
        + '\n';
    return text;
}

}
