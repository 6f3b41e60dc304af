#include "visualizer/app/program.hpp"

#include "core/machine/kernel_image.hpp"
#include "visualizer/app/application.hpp"
#include "visualizer/app/end_signals.hpp"
#include "visualizer/app/panel_text.hpp"
#include "visualizer/panels/panels.hpp"

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <fmt/format.h>

namespace ringside::visualizer {

namespace {

struct Options {
    LaboratoryOptions laboratory;
    std::string screenshot;
    bool text = false;
    double after = 2;
    std::string size;
    std::vector<std::string> panels;
    std::string theme;
    int scale = 0; // 0: as remembered
};

int report(const Error& error)
{
    fmt::print(stderr, "ringside view: {}{}\n", error.message, error.hint.empty() ? "" : fmt::format(" (hint: {})", error.hint));
    return static_cast<int>(error.code);
}

// What shows the same without a window.
std::string twin(const Options& options)
{
    if (!options.laboratory.trace_path.empty())
        return fmt::format("'ringside trace {}' shows it as text", printable(options.laboratory.trace_path));
    return options.laboratory.guests.empty() ? "'ringside demo' shows the same as text"
                                             : fmt::format("'ringside compare {}' shows the same as text", printable(options.laboratory.guests.front()));
}

std::vector<std::string> panel_names()
{
    std::vector<std::string> names;
    for (const auto& panel : all_panels())
        names.emplace_back(panel.name);
    return names;
}

Result<Size> size_of(const Options& options, const Settings& settings)
{
    if (options.size.empty())
        return Size { settings.width, settings.height };
    Size size;
    char rest = 0;
    bool is_size = std::sscanf(options.size.c_str(), "%dx%d%c", &size.width, &size.height, &rest) == 2;
    if (!is_size || size.width < 200 || size.height < 100 || size.width > 7680 || size.height > 4320)
        return fail(ExitCode::Usage, "--size is not possible", "WIDTHxHEIGHT, from 200x100 to 7680x4320");
    return size;
}

void override_settings(Settings& settings, const Options& options)
{
    if (!options.panels.empty())
        settings.panels = options.panels;
    if (auto theme = theme_from(options.theme))
        settings.theme = *theme;
    if (options.scale != 0)
        settings.scale = options.scale;
}

int print_text(const Options& options)
{
    auto laboratory = Laboratory::open(options.laboratory);
    if (!laboratory)
        return report(laboratory.error());
    auto panels = options.panels.empty() ? std::vector<std::string> { "comparison" } : options.panels;
    auto text = panel_text(**laboratory, panels, std::chrono::duration<double> { options.after });
    bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
    return written ? 0 : report({ ExitCode::BadImage, "cannot write to standard output", "" });
}

// Frames for some seconds of real time, then a picture.
int take_screenshot(const Options& options, Settings settings, Size size)
{
    settings.tour_done = true;
    auto surface = open_offscreen(size);
    if (!surface)
        return report({ surface.error().code, surface.error().message, twin(options) });
    auto laboratory = Laboratory::open(options.laboratory);
    if (!laboratory)
        return report(laboratory.error());
    auto application = Application::create(**surface, std::move(*laboratory), { settings, "" });
    if (!application)
        return report(application.error());
    using Clock = std::chrono::steady_clock;
    auto begin = Clock::now(), before = begin;
    while (std::chrono::duration<double>(before - begin).count() < options.after) {
        InputEvents events;
        (*surface)->wait(std::chrono::milliseconds { 25 }, events);
        auto now = Clock::now();
        (*application)->frame(std::chrono::duration<double>(now - before).count(), events);
        before = now;
    }
    auto written = write_png((*surface)->read_pixels(), options.screenshot);
    return written ? 0 : report(written.error());
}

// `signal` is the one that ended it, if one did.
int open_and_run(const Options& options, const LoadedSettings& settings, Size size, int& signal)
{
    EndSignals signals;
    auto surface = open_window(size, "Ringside");
    if (!surface)
        return report({ surface.error().code, surface.error().message, twin(options) });
    auto laboratory = Laboratory::open(options.laboratory);
    if (!laboratory)
        return report(laboratory.error());
    auto application = Application::create(**surface, std::move(*laboratory), settings);
    if (!application)
        return report({ application.error().code, application.error().message, twin(options) });
    (*application)->run([&] {
        signal = signals.take();
        return signal != 0;
    });
    if (auto problem = save_settings(settings_path(), (*application)->settings()); !problem.empty())
        fmt::print(stderr, "ringside view: {}\n", problem);
    return 0;
}

void describe(CLI::App& app, Options& options)
{
    app.description("Show guests under several strategies, live, or a recorded trace.");
    app.add_option("guests", options.laboratory.guests, "Guests; without any, the main comparison")
        ->option_text("GUEST...");
    app.add_option("--strategies", options.laboratory.strategies, "These and no others: A,B,C")->delimiter(',')->option_text("LIST");
    app.add_option("--trace", options.laboratory.trace_path, "Show this trace file instead")->option_text("FILE");
    app.add_option("--screenshot", options.screenshot, "Write a picture and end; needs no display")->option_text("PNG");
    app.add_flag("--text", options.text, "Print the panels as text and end");
    app.add_option("--after", options.after, "Seconds until the picture or text (2)")->option_text("SECONDS")->check(CLI::Range(0.0, 3600.0));
    app.add_option("--size", options.size, "Of the window or picture")->option_text("WxH");
    app.add_option("--panels", options.panels, "Open these, and no others (named below)")->delimiter(',')->option_text("LIST")
        ->check(CLI::IsMember(panel_names()));
    app.add_option("--theme", options.theme, "dark, light or high-contrast")->option_text("NAME")
        ->check(CLI::IsMember({ "dark", "light", "high-contrast" }));
    app.add_option("--scale", options.scale, "Percent")->option_text("50..400")->check(CLI::Range(smallest_scale, largest_scale));
    app.footer(R"(Panels: comparison, rings, exits, story, console, timeline, code, cpu,
devices, network.

Examples:
  ringside view                                    the main comparison
  ringside view sieve --strategies trap,rewriting
  ringside view --trace hello.rst
  ringside view hello --screenshot hello.png --after 2
  ringside view ticks --panels cpu,devices --text  what they show, in words
)");
}

}

int run_program(int argc, char** argv)
{
    CLI::App app;
    app.name("ringside view");
    Options options;
    describe(app, options);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success))
            return app.exit(error);
        return report({ ExitCode::Usage, error.what(), "see 'ringside view --help'" });
    }
    if (options.text)
        return print_text(options);
    auto settings = options.screenshot.empty() ? load_settings(settings_path()) : LoadedSettings {};
    override_settings(settings.settings, options);
    auto size = size_of(options, settings.settings);
    if (!size)
        return report(size.error());
    if (!options.screenshot.empty())
        return take_screenshot(options, settings.settings, *size);
    int signal = 0;
    int status = open_and_run(options, settings, *size, signal);
    // Whoever started the program (a shell's loop) is to know how it ended.
    if (signal != 0)
        std::raise(signal);
    return status;
}

}
