#include "core/trace/statistics.hpp"
#include "core/trace/time_format.hpp"

#include <fmt/format.h>
#include <iterator>

namespace ringside {

namespace {

class Table {
public:
    explicit Table(const Style& style) : m_style(style) { }

    void heading()
    {
        auto line = fmt::format("{:<18} {:>11} {:>8} {:>7} {:>10} {:>10} {:>10}", "VM-EXIT", "Samples", "Samples%",
            "Time%", "Min Time", "Max Time", "Avg Time");
        m_text += m_style.paint(Color::Bold, line) + '\n';
    }

    void row(const ExitStatistics& exit, bool timed)
    {
        bool waits = exit.kind == EventKind::Halt;
        timed = timed && exit.timed;
        auto time = [&](uint64_t nanoseconds) { return timed ? format_duration(nanoseconds, m_style) : "-"; };
        line(fmt::format("{}{}", describe(exit.kind).name, waits && timed ? " *" : ""), exit.count, exit.count_share,
            timed && !waits ? fmt::format("{:.2f}%", exit.time_share * 100) : "-", time(exit.minimum),
            time(exit.maximum), time(exit.mean));
    }

    void total(const Statistics& statistics)
    {
        line("total", statistics.exit_count, statistics.exit_count ? 1.0 : 0.0,
            statistics.timed && statistics.monitor ? "100.00%" : "-", "", "", "");
    }

    void note(std::string_view text) { m_text += m_style.paint(Color::Dim, text) + '\n'; }

    void fact(std::string_view name, std::string_view value)
    {
        fmt::format_to(std::back_inserter(m_text), "{:<16} {}\n", name, value);
    }

    void blank() { m_text += '\n'; }
    std::string take() { return std::move(m_text); }

private:
    void line(std::string_view name, uint64_t count, double count_share, std::string_view time_share,
        std::string_view minimum, std::string_view maximum, std::string_view mean)
    {
        auto text = fmt::format("{:<18} {:>11} {:>7.2f}% {:>7} {:>10} {:>10} {:>10}", name, format_count(count),
            count_share * 100, time_share, minimum, maximum, mean);
        text.erase(text.find_last_not_of(' ') + 1);
        m_text += text + '\n';
    }

    const Style& m_style;
    std::string m_text;
};

std::string percent(uint64_t part, uint64_t whole)
{
    return fmt::format("{:.1f}%", whole ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 0.0);
}

void ring_changes(Table& table, const Statistics& statistics, const Style& style)
{
    std::string list;
    for (std::size_t from = 0; from < 4; ++from) {
        for (std::size_t to = 0; to < 4; ++to) {
            if (auto count = statistics.ring_entries[from][to]; count && from != to)
                list += fmt::format(
                    "{}{} {} {}: {}", list.empty() ? "" : "   ", from, style.arrow(), to, format_count(count));
        }
    }
    table.fact("Ring changes", list.empty() ? "none seen" : list);
    if (statistics.rings_unseen)
        table.fact("", "under hardware the processor changes rings without an exit");
    else if (!statistics.exact_rings)
        table.fact("", "returns by IRET are not counted: nothing was recorded");
}

// As many to a line as 80 columns hold.
void other_events(Table& table, const Statistics& statistics)
{
    constexpr std::size_t room = 80 - 17;
    std::string_view heading = "Other events";
    std::string line;
    for (const auto& [kind, count] : statistics.other_events) {
        auto item = fmt::format("{} {}", describe(kind).name, format_count(count));
        if (!line.empty() && line.size() + 3 + item.size() > room) {
            table.fact(heading, line);
            heading = "";
            line.clear();
        }
        line += (line.empty() ? "" : "   ") + item;
    }
    if (!line.empty())
        table.fact(heading, line);
}

void time_split(Table& table, const Statistics& statistics, const Style& style)
{
    if (!statistics.timed) {
        if (statistics.wall)
            table.fact("Virtual time", format_duration(statistics.wall, style));
        return;
    }
    if (!statistics.wall)
        return;
    table.fact("Wall time", format_duration(statistics.wall, style));
    auto part = [&](std::string_view name, uint64_t nanoseconds) {
        table.fact("",
            fmt::format("{:<12} {:>10} {:>7}", name, format_duration(nanoseconds, style),
                percent(nanoseconds, statistics.wall)));
    };
    part("guest", statistics.guest);
    part("monitor", statistics.monitor);
    if (statistics.host)
        part("host", statistics.host);
    part("waiting", statistics.halted);
}

}

std::string statistics_text(const Statistics& statistics, const Style& style)
{
    Table table(style);
    table.heading();
    for (const auto& exit : statistics.exits)
        table.row(exit, statistics.timed);
    table.total(statistics);
    if (!statistics.timed)
        table.note("Durations are not measured under the virtual clock.");
    else if (statistics.halted)
        table.note("* The guest waits for an interrupt. That is no work: it is left out of Time%.");
    table.blank();
    ring_changes(table, statistics, style);
    other_events(table, statistics);
    if (statistics.blocks)
        table.fact("Blocks executed", format_count(statistics.blocks));
    table.fact("Events dropped", statistics.dropped ? format_count(statistics.dropped) : "none");
    time_split(table, statistics, style);
    return table.take();
}

}
