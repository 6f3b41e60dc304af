// `ringside demo`: one guest, and what it took to run it, on one screen.
#include "cli/commands.hpp"
#include "cli/messages.hpp"
#include "cli/output.hpp"
#include "cli/run_options.hpp"
#include "core/session/scenario.hpp"
#include "core/session/session.hpp"
#include "core/trace/statistics.hpp"
#include "core/trace/timeline.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <span>
#include <string>
#include <unistd.h>
#include <vector>

namespace ringside {

namespace {

using namespace std::chrono_literals;

constexpr const char* guest = "hello";
constexpr unsigned timeline_rows = 6;

struct Observation {
    std::string console;
    std::vector<EventRecord> events;
    SessionEnd end;
    TraceTotals totals;
};

Observation observe(Session& session)
{
    Observation seen;
    bool more = true;
    while (more) {
        more = !session.ended();
        session.wait(more ? 2ms : 0ms);
        session.take_console(seen.console);
        session.trace().drain(seen.events);
    }
    seen.end = session.end();
    seen.totals = totals_of(session.trace().block(), seen.end.elapsed);
    return seen;
}

std::string heading(const Style& style, std::string_view text)
{
    return '\n' + style.paint(Color::Bold, text) + '\n';
}

std::string indented(const Style& style, std::string_view text)
{
    std::string lines;
    while (!text.empty()) {
        auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        lines += style.paint(Color::Dim, style.unicode ? "│ " : "| ") + std::string { line.substr(0, line.find('\r')) }
            + '\n';
    }
    return lines;
}

// The table of exits, without what follows it.
std::string exits_table(const Statistics& statistics, const Style& style)
{
    auto text = statistics_text(statistics, style);
    return text.substr(0, text.find("\n\n") + 1);
}

std::string shares(const Statistics& statistics)
{
    if (statistics.wall == 0)
        return "";
    auto percent
        = [&](uint64_t part) { return 100.0 * static_cast<double>(part) / static_cast<double>(statistics.wall); };
    return fmt::format("{:.1f} ms in all: {:.0f} % the guest, {:.0f} % the monitor, {:.0f} % waiting for interrupts.\n",
        static_cast<double>(statistics.wall) / 1e6, percent(statistics.guest), percent(statistics.monitor),
        percent(statistics.halted));
}

// What set-up recorded before the guest ran is not part of the picture.
std::span<const EventRecord> since_start(const Observation& seen)
{
    auto is_later = [&](const EventRecord& event) { return event.time >= seen.totals.scale.origin; };
    auto first = std::ranges::find_if(seen.events, is_later);
    return { first, seen.events.end() };
}

std::string picture(const Observation& seen, const Style& style)
{
    std::string text = style.paint(Color::Bold, "ringside demo")
        + ": the guest 'hello', a small x86 kernel with one ring-3 program,\n"
        + "under the strategy 'emulation': none of its code runs on the real CPU.\n";
    text += heading(style, "What the guest says on its serial console");
    text += indented(style, seen.console);
    text += heading(style, "Where the guest believes it runs: its first changes of ring");
    text += timeline_text(since_start(seen), seen.totals.scale, timeline_rows, style);
    text += heading(style, "What the monitor did meanwhile: every exit, timed in this run");
    auto statistics = statistics_of(seen.totals);
    text += exits_table(statistics, style) + shares(statistics);
    text += '\n' + style.paint(Color::Bold, "Next:") + " ./run run ticks --stats     two programs and a timer\n"
        + "      ./run run hello --story     every event as a sentence\n";
    return text;
}

int demonstrate(ColorChoice color)
{
    auto scenario = ScenarioLibrary::of_this_program().find_guest(guest);
    if (!scenario)
        return report(scenario.error());
    RunOptions options;
    options.story = true; // records
    auto configuration = configure_session(options, *scenario);
    if (!configuration)
        return report(configuration.error());
    auto session = Session::start(*configuration);
    if (!session)
        return report(session.error());

    auto seen = observe(**session);
    int written = answer(picture(seen, style_for(STDOUT_FILENO, color)));
    auto code = static_cast<int>(exit_code(seen.end));
    if (code != 0)
        say(fmt::format("{}: {}", guest, seen.end.result.reason));
    return written != 0 ? written : code;
}

}

void add_demo_command(Program& program)
{
    auto* command = program.app.add_subcommand("demo", "Run a small guest and show what happened");
    command->footer(R"(The picture fits one screen. It is what ./run shows without arguments.

Example:
  ringside demo
)");
    command->fallthrough();
    command->callback([&program] { program.action = [&program] { return demonstrate(program.color); }; });
}

}
