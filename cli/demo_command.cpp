// `ringside demo`: one kernel and two of its programs under every strategy of this host, on one screen.
#include "cli/commands.hpp"
#include "cli/compare_control.hpp"
#include "cli/compare_plan.hpp"
#include "cli/messages.hpp"
#include "cli/output.hpp"
#include "core/report/contrast_text.hpp"

#include <fmt/format.h>
#include <string>
#include <unistd.h>

namespace ringside {

namespace {

// One that computes, and one that calls its kernel: what is cheap under a strategy for one is dear for the other.
constexpr const char* computing = "sieve";
constexpr const char* calling = "syscalls";
constexpr unsigned runs = 3;

Result<Comparison> compare_scenario(const char* name, CompareControl& control)
{
    auto scenario = ScenarioLibrary::of_this_program().find_guest(name);
    if (!scenario)
        return scenario.propagate();
    auto plan = plan_comparison({}, *scenario);
    if (!plan)
        return plan.propagate();
    auto comparison = compare(plan->contenders, runs, control.control(), Watching::Never);
    if (const auto* error = nothing_started(comparison))
        return Unexpected { *error };
    comparison.guest = name;
    comparison.missing = std::move(plan->missing);
    return comparison;
}

Result<Contrast> make_contrast(CompareControl& control)
{
    auto left = compare_scenario(computing, control);
    if (!left)
        return left.propagate();
    if (left->interrupted)
        return Contrast {};
    auto right = compare_scenario(calling, control);
    if (!right)
        return right.propagate();
    return Contrast { "computing: sieve", std::move(*left), "50,000 system calls", std::move(*right) };
}

std::string picture(const Contrast& contrast, const Style& style)
{
    auto text = fmt::format("{}: one kernel, two of its programs, and each strategy of this host\n\n",
        style.paint(Color::Bold, "ringside demo"));
    text += contrast_text(contrast, style);
    bool good = all_as_expected(contrast.left) && all_as_expected(contrast.right);
    text += good ? "The guest said the same under each. Times: median of 3 runs, ratio to the best.\n"
                   "Exits: how often the run with the system calls came to the monitor.\n"
                 : "The guest did not do the same under each.\n";
    return text + style.paint(Color::Bold, "Next:") + " ./run compare privops --html report.html   charts for your browser\n"
        + "      ./run run syscalls --strategy trap --stats what a call costs there\n"
        + "      ./run run hello --story                    every event as a sentence\n";
}

int demonstrate(ColorChoice color)
{
    int signal = 0;
    {
        CompareControl control(true);
        auto contrast = make_contrast(control);
        control.clear();
        signal = control.signal();
        if (signal == 0 && !contrast)
            return report(contrast.error());
        if (signal == 0) {
            int written = answer(picture(*contrast, style_for(STDOUT_FILENO, color)));
            bool good = all_as_expected(contrast->left) && all_as_expected(contrast->right);
            return written != 0 ? written : static_cast<int>(good ? ExitCode::Success : ExitCode::GuestFailed);
        }
    }
    die_of(signal);
}

}

void add_demo_command(Program& program)
{
    auto* command = program.app.add_subcommand("demo", "Show what the strategies make of one kernel");
    command->footer(R"(The picture fits one screen. It is what ./run shows without arguments.

Example:
  ringside demo
)");
    command->fallthrough();
    command->callback([&program] { program.action = [&program] { return demonstrate(program.color); }; });
}

}
