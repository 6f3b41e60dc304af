// `ringside compare`: the same guest under several strategies, side by side.
#include "cli/commands.hpp"
#include "cli/compare_control.hpp"
#include "cli/compare_outputs.hpp"
#include "cli/compare_plan.hpp"
#include "cli/compare_time_stamp.hpp"
#include "cli/messages.hpp"
#include "cli/option_checks.hpp"
#include "cli/output.hpp"
#include "core/report/comparison_text.hpp"

#include <fmt/format.h>
#include <memory>
#include <unistd.h>

namespace ringside {

namespace {

constexpr unsigned most_runs = 1000;

constexpr const char* footer = R"(First each strategy runs the guest once, and outcomes and consoles are compared.
Then they take turns, N times; the median is shown, and how far the runs lie
apart. One more run of each, with every exit timed, says where the time went.

FILE may be - for standard output, which then shows no table. Exit code 1 if an
outcome or a console is not what it should be.

Examples:
  ringside compare sieve
  ringside compare privops --strategies trap,rewriting --runs 9
  ringside compare syscalls --html report.html --json report.json
)";

Result<Comparison> make(
    const CompareOptions& options, const Scenario& scenario, CompareControl& control, ComparePlan plan)
{
    auto result = compare(plan.contenders, options.runs, control.control());
    result.nano = nano_comparison_of(result);
    measure_time_stamp_ways(result, plan.contenders, control.control());
    control.clear();
    if (const auto* error = nothing_started(result))
        return Unexpected { *error };
    const auto& first = plan.contenders.front().configuration;
    result.guest = scenario.name;
    result.title = scenario.title;
    result.command_line = first.boot.command_line;
    result.memory_bytes = first.memory_bytes;
    result.missing = std::move(plan.missing);
    result.host = host_label();
    return result;
}

int show(const CompareOptions& options, const Comparison& comparison, CompareOutputs& outputs, ColorChoice color)
{
    if (const auto& obstacle = comparison.unconfined_because; !obstacle.empty())
        say("warning: the guest's worker processes are not confined", obstacle);
    auto written = outputs.write(comparison);
    int answered = 0;
    if (!outputs.takes_standard_output() && !options.quiet)
        answered = answer(comparison_text(comparison, style_for(STDOUT_FILENO, color)));
    if (!written)
        return report(written.error());
    if (answered != 0)
        return answered;
    return static_cast<int>(all_as_expected(comparison) ? ExitCode::Success : ExitCode::GuestFailed);
}

int compare_guest(const CompareOptions& options, ColorChoice color)
{
    auto scenario = ScenarioLibrary::of_this_program().find_guest(options.guest.guest);
    if (!scenario)
        return report(scenario.error());
    auto plan = plan_comparison(options, *scenario);
    if (!plan)
        return report(plan.error());
    auto outputs = CompareOutputs::prepare(options);
    if (!outputs)
        return report(outputs.error());
    int signal = 0;
    {
        CompareControl control(!options.quiet);
        auto comparison = make(options, *scenario, control, std::move(*plan));
        signal = control.signal();
        if (signal == 0 && !comparison)
            return report(comparison.error());
        if (signal == 0)
            return show(options, *comparison, *outputs, color);
        say(fmt::format("{}: stopped {}; there is nothing to compare", scenario->name, control.how_far()));
    }
    *outputs = {}; // files that were made for this go again
    die_of(signal);
}

void add_file_option(CLI::App& command, const char* name, std::string& path, const char* what)
{
    command.add_option(name, path, what)->option_text("FILE")->check(file_name_check());
}

void add_guest_options(CLI::App& command, RunOptions& guest)
{
    command
        .add_option(
            "GUEST", guest.guest, "A scenario's name (see 'ringside scenarios') or\nthe path of a Multiboot kernel")
        ->required();
    command
        .add_option("--timeout", guest.timeout_seconds,
            "Give a run up after that time; 0: never. Without\nit what the scenario says, or 60")
        ->option_text("SECONDS")
        ->check(seconds_check());
    command.add_option("--memory", guest.memory_mebibytes, "The guest's memory in MiB")->option_text("MIB");
    command.add_option("--append", guest.append, "More of the kernel's command line")
        ->option_text("TEXT")
        ->allow_extra_args(false);
    command.add_option("--module", guest.modules, "A Multiboot module, and its command line;\nmay be repeated")
        ->option_text("\"FILE [ARGS]\"")
        ->allow_extra_args(false);
}

} // namespace

void add_compare_command(Program& program)
{
    auto options = std::make_shared<CompareOptions>();
    auto* command = program.app.add_subcommand("compare", "Run a guest under every strategy, side by side");
    command->footer(footer);
    command->fallthrough();
    command->add_option("--strategies", options->strategies, "Which; without it, all that this host offers")
        ->option_text("NAME,...");
    command->add_option("--runs", options->runs, "Timed runs of each strategy (default 5)")
        ->option_text("N")
        ->check(CLI::Range(1u, most_runs).description(""));
    add_guest_options(*command, options->guest);
    add_file_option(*command, "--json", options->json_path, "Write everything, for programs");
    add_file_option(*command, "--csv", options->csv_path, "Write everything, one figure a line");
    add_file_option(*command, "--markdown", options->markdown_path, "Write tables for a lab report");
    add_file_option(*command, "--html", options->html_path, "Write a page with charts; it needs no network");
    command->add_flag("--quiet", options->quiet, "Neither table nor progress: only the files");
    command->callback([&program, options] {
        program.action = [&program, options] { return compare_guest(*options, program.color); };
    });
}

} // namespace ringside
