// `ringside disasm`: what binary rewriting has made of a guest's code, side by side with it.
#include "cli/commands.hpp"
#include "cli/disasm_report.hpp"
#include "cli/messages.hpp"
#include "cli/output.hpp"
#include "cli/rewriting_options.hpp"
#include "cli/run_options.hpp"
#include "cli/run_report.hpp"
#include "cli/trace_recording.hpp"
#include "core/session/session.hpp"

#include <chrono>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>

namespace ringside {

namespace {

constexpr double longest_run = 20; // seconds, of a guest that says nothing itself

struct DisasmOptions {
    RunOptions run;
    DisasmChoice choice;
    std::string json_path;
};

// Not a sound from the guest: standard output is the listing's.
void run_silently(Session& session)
{
    session.end_input();
    std::string unheard;
    while (!session.ended()) {
        session.wait(std::chrono::hours { 1 });
        session.take_console(unheard);
        session.take_debug_output(unheard);
        unheard.clear();
    }
}

Result<TranslationListing> listing_from(Session& session, const SessionConfiguration& configuration)
{
    run_silently(session);
    GuestRunResult result;
    result.end = session.end();
    auto words = summary(result, configuration);
    if (auto listing = session.translations())
        return std::move(*listing);
    return fail(ExitCode::Internal, words.empty() ? "the worker has told nothing of its translations" : words);
}

int disassemble(DisasmOptions options, ColorChoice color)
{
    auto scenario = ScenarioLibrary::of_this_program().find_guest(options.run.guest);
    if (!scenario)
        return report(scenario.error());
    if (!options.run.timeout_seconds && scenario->timeout_seconds == 0)
        options.run.timeout_seconds = longest_run;
    auto configuration = configure_session(options.run, *scenario);
    if (!configuration)
        return report(configuration.error());
    configuration->translations = TranslationsWanted::All;
    OutputFile json;
    if (!options.json_path.empty()) {
        auto prepared = OutputFile::prepare(options.json_path);
        if (!prepared)
            return report(prepared.error());
        json = std::move(*prepared);
    }
    auto symbols = symbols_of_kernel(configuration->boot.kernel_path);
    auto session = Session::start(*configuration);
    if (!session)
        return report(session.error());
    auto listing = listing_from(**session, *configuration);
    if (!listing)
        return report(listing.error());
    auto chosen = choose_blocks(*listing, symbols, options.choice);
    if (!chosen)
        return report(chosen.error());
    Disassembly disassembly { *listing, symbols, *chosen, statistics_of((*session)->trace().block(), (*session)->end().elapsed) };
    if (json.wanted()) {
        if (auto written = json.write(json_text(disassembly_json(disassembly, *configuration))); !written)
            return report(written.error());
    }
    return answer(disassembly_text(disassembly, style_for(STDOUT_FILENO, color)));
}

}

void add_disasm_command(Program& program)
{
    auto options = std::make_shared<DisasmOptions>();
    options->run.strategy = "rewriting";
    auto* command = program.app.add_subcommand("disasm", "Show what rewriting makes of a guest's code");
    command->footer(R"(Runs the guest under the strategy 'rewriting', silently, and then shows blocks
of its code: on the left the guest's instructions, with what became of each and
why, on the right what the host has executed for them. An instruction without a
note is copied as it is. Names after gs: are the monitor's own memory. A block
that is dormant lies where the guest's page tables no longer show it. Exit code
0 however the guest ends.

Examples:
  ringside disasm hello
  ringside disasm holes --block probe_popf
  ringside disasm hello --block 0x00100034
  ringside disasm ./kernel.elf --all | less
)");
    command->fallthrough();
    command
        ->add_option(
            "GUEST", options->run.guest, "A scenario's name (see 'ringside scenarios') or\nthe path of a Multiboot kernel")
        ->required();
    command
        ->add_option("--block", options->choice.address,
            "Only the blocks with the instruction at this\naddress (hexadecimal) or symbol of the kernel")
        ->option_text("ADDRESS");
    command->add_flag("--all", options->choice.all, "Every block, not only the first ones");
    command->add_option("--append", options->run.append, "More of the kernel's command line")
        ->option_text("TEXT")
        ->allow_extra_args(false);
    add_rewriting_options(*command, options->run.strategy_options);
    const CLI::Validator possible([](const std::string& text) {
        double value = 0;
        return CLI::detail::lexical_cast(text, value) && value > 0 ? "" : "'" + text + "' is no number of seconds";
    }, "");
    command
        ->add_option("--timeout", options->run.timeout_seconds,
            "Stop the guest after that time; without it,\nwhat the scenario says, or 20")
        ->option_text("SECONDS")
        ->check(possible);
    const CLI::Validator named([](const std::string& path) { return path.empty() ? "a file needs a name" : ""; }, "");
    command->add_option("--json", options->json_path, "Write the result for programs to this file")
        ->option_text("FILE")
        ->check(named);
    command->callback(
        [&program, options] { program.action = [&program, options] { return disassemble(*options, program.color); }; });
}

}
