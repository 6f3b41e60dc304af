// ringside: a virtualization laboratory. This program is the sessions' front end on the command line (DESIGN section
// 10).
#include "cli/commands.hpp"
#include "cli/messages.hpp"
#include "cli/output.hpp"
#include "core/session/near_match.hpp"
#include "core/session/worker.hpp"

#include <csignal>
#include <cstdio>
#include <fmt/format.h>
#include <sstream>
#include <string>
#include <vector>

namespace ringside {

namespace {

constexpr const char* description = R"(A virtualization laboratory: runs a real x86 guest under interchangeable
virtualization strategies, and shows what each of them really does.)";

constexpr const char* footer = R"(Examples:
  ringside run hello                     a small guest: rings 0 -> 3 -> 0
  ringside run hello --stats             what the monitor had to do for it
  ringside compare sieve                 the same guest under every strategy
  ringside run kernel.elf --memory 64    any Multiboot kernel of your own
  ringside run hello --trace hello.rst   record every exit and every ring change
  ringside trace hello.rst --to chrome --output hello.json
  ringside view                          rings and exits of all strategies, live
  ringside audit kernel.elf              what a classic monitor would not see

Exit codes:
    0  the guest ended well
    1  the guest reported failure or died
    2  the command line is wrong
   65  an image or a file is bad, or an output cannot be written
   69  a strategy or a feature is not available here
   70  internal error: a worker process died, or a bug in ringside
  124  the run took longer than --timeout
)";

void describe(Program& program)
{
    program.app.name("ringside");
    program.app.description(description);
    program.app.footer(footer);
    program.app.set_version_flag("--version", "ringside 0.1.0", "Print the version and exit");
    const std::map<std::string, ColorChoice> choices { { "auto", ColorChoice::Auto }, { "always", ColorChoice::Always },
        { "never", ColorChoice::Never } };
    program.app.add_option("--color", program.color, "auto (default), always or never")
        ->option_text("WHEN")
        ->transform(CLI::CheckedTransformer(choices).description(""));
    program.app.get_formatter()->column_width(30);
    program.app.require_subcommand(0, 1);

    add_run_command(program);
    add_compare_command(program);
    add_scenarios_command(program);
    add_strategies_command(program);
    add_trace_command(program);
    add_audit_command(program);
    add_disasm_command(program);
    add_doctor_command(program);
    add_demo_command(program);
    add_view_command(program);
}

// "--helo" is near "--help", "rum" is near "run".
std::string hint_for(const Program& program, const std::vector<std::string>& words)
{
    std::vector<std::string> names;
    for (const auto* subcommand : program.app.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(subcommand->get_name());
    if (!words.empty() && program.app.get_subcommands().empty()) {
        if (auto near = nearest(words.front(), names); !near.empty() && near != words.front())
            return fmt::format("did you mean 'ringside {}'?", near);
    }
    auto chosen = program.app.get_subcommands();
    return chosen.empty() ? "'ringside --help' shows what there is"
                          : fmt::format("see 'ringside {} --help'", chosen.front()->get_name());
}

int refuse(const Program& program, const CLI::ParseError& error, const std::vector<std::string>& words)
{
    std::string message = error.what();
    if (words.size() == 1 && program.app.get_subcommands().empty() && !words.front().starts_with('-'))
        message = fmt::format("there is no command '{}'", words.front());
    return report({ ExitCode::Usage, message, hint_for(program, words) });
}

int run(int argc, char** argv)
{
    Program program;
    describe(program);
    std::vector<std::string> words(argv + 1, argv + argc);
    try {
        program.app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() != static_cast<int>(CLI::ExitCodes::Success))
            return refuse(program, error, words);
        std::ostringstream help, unused;
        program.app.exit(error, help, unused);
        return answer(help.str());
    }
    if (!program.action)
        return report({ ExitCode::Usage, "no command is given", "'ringside --help' shows what there is" });
    return program.action();
}

}

}

int main(int argc, char** argv)
{
    if (auto status = ringside::run_worker_if_asked(argc, argv))
        return *status;
    ringside::occupy_standard_descriptors();
    // Writing to a pipe that nobody reads is an error like any other.
    std::signal(SIGPIPE, SIG_IGN);
    return ringside::run(argc, argv);
}
