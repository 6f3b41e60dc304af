#include "cli/commands.hpp"
#include "cli/discrepancy_table.hpp"
#include "cli/guest_run.hpp"
#include "cli/messages.hpp"
#include "cli/option_checks.hpp"
#include "cli/output.hpp"
#include "cli/rewriting_options.hpp"
#include "cli/run_options.hpp"
#include "cli/run_report.hpp"
#include "cli/signals.hpp"
#include "cli/story_teller.hpp"
#include "cli/timeline_keeper.hpp"
#include "cli/trace_recording.hpp"
#include "core/machine/translation_counters.hpp"
#include "core/trace/statistics.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <sstream>
#include <unistd.h>

namespace ringside {

namespace {

constexpr const char* footer = R"(The guest's serial console is standard input and output; nothing else is
written there. Messages, statistics and what the guest writes to port 0xE9 go
to standard error. Ctrl-C stops the guest; a second one kills it. A guest that
writes to the VGA text screen instead is seen with --screen.

Examples:
  ringside run hello
  ringside run sieve --stats
  ringside run ticks --append "hz=1000" --timeout 5
  ringside run ./kernel.elf --memory 64 --module "initrd.img root=ram"
  ringside run hello --clock virtual --trace hello.rst
  ringside run hello --strategy trap --timeline
  ringside run sieve --switch 20ms:trap,40ms:emulation --stats
)";

// The files that were asked for, found to be possible before the guest starts.
struct RunOutputs {
    OutputFile trace;
    OutputFile json;

    static Result<RunOutputs> prepare(const RunOptions& options)
    {
        RunOutputs outputs;
        for (auto [path, file] :
            { std::pair { &options.trace_path, &outputs.trace }, { &options.json_path, &outputs.json } }) {
            if (path->empty())
                continue;
            auto prepared = OutputFile::prepare(*path);
            if (!prepared)
                return prepared.propagate();
            *file = std::move(*prepared);
        }
        std::error_code error;
        if (std::filesystem::equivalent(options.trace_path, options.json_path, error))
            return fail(ExitCode::Usage, "--trace and --json name the same file");
        return outputs;
    }
};

// Everything that is done with the events of one run.
class EventOutputs {
public:
    EventOutputs(const RunOptions& options, const SessionConfiguration& configuration, const Style& style)
    {
        if (!options.recording())
            return;
        m_symbols = symbols_of_kernel(configuration.boot.kernel_path);
        if (options.story)
            m_story.emplace(configuration.clock, style);
        if (options.timeline)
            m_timeline.emplace();
        if (!options.trace_path.empty())
            m_recording.emplace(options.trace_path,
                TraceHeader { configuration.strategy, configuration.name, configuration.clock, {}, m_symbols });
    }

    Result<void> take(Session& session, std::span<const EventRecord> events)
    {
        if (m_story)
            m_story->tell(session, events, m_symbols);
        if (m_timeline)
            m_timeline->keep(events);
        return m_recording ? m_recording->append(session, events) : Result<void> {};
    }

    Result<void> finish(Session& session) { return m_recording ? m_recording->finish(session) : Result<void> {}; }

    // "" if it is not wanted.
    std::string timeline(Session& session, const Style& style) const
    {
        return m_timeline ? m_timeline->text(totals_of(session.trace().block(), session.end().elapsed), style) : "";
    }

private:
    SymbolTable m_symbols;
    std::optional<StoryTeller> m_story;
    std::optional<TimelineKeeper> m_timeline;
    std::optional<TraceRecording> m_recording;
};

void print(const std::string& text)
{
    [[maybe_unused]] ssize_t written = write(STDERR_FILENO, text.data(), text.size());
}

// Statistics, trace end and JSON: what is left to do when the guest has ended. The first failure.
std::optional<Error> write_results(const RunOptions& options, const SessionConfiguration& configuration,
    Session& session, EventOutputs& events, RunOutputs& outputs, const GuestRunResult& result, const Style& style)
{
    std::optional<Error> failure = result.failure;
    auto note = [&failure](const Result<void>& done) {
        if (!done && !failure)
            failure = done.error();
    };
    if (outputs.trace.wanted())
        note(events.finish(session));
    auto statistics = statistics_of(session.trace().block(), result.end.elapsed);
    auto translations = session.translations();
    if (options.statistics)
        print(statistics_text(statistics, style) + (translations ? translation_statistics(*translations, style) : ""));
    if (options.timeline)
        print(events.timeline(session, style));
    if (options.screen)
        print(screen_report(result.end));
    if (auto hint = switch_hint(result, configuration, statistics); !hint.empty() && !options.quiet)
        say(hint);
    if (outputs.json.wanted())
        note(outputs.json.write(json_text(run_json(result, configuration, statistics, translations))));
    return failure;
}

// What a worker has written to its standard error; that of one that died is part of why.
void pass_on_words(const Session& session)
{
    if (session.end().cause == SessionEnd::Cause::Died)
        return;
    std::istringstream words(session.worker_words());
    for (std::string line; std::getline(words, line);)
        say("the worker says: " + line);
}

int conclude(const RunOptions& options, const SessionConfiguration& configuration, const GuestRunResult& result,
    const std::optional<Error>& failure)
{
    if (failure)
        return report(*failure);
    auto words = summary(result, configuration);
    if (!words.empty() && !options.quiet)
        say(words);
    if (auto hint = screen_hint(result); !hint.empty() && !options.quiet && !options.screen)
        say(hint);
    if (result.signal != 0)
        die_of(result.signal);
    return static_cast<int>(exit_code(result.end));
}

int run_guest(const RunOptions& options, ColorChoice color)
{
    auto scenario = ScenarioLibrary::of_this_program().find_guest(options.guest);
    if (!scenario)
        return report(scenario.error());
    auto configuration = configure_session(options, *scenario);
    if (!configuration)
        return report(configuration.error());
    if (options.statistics || !options.json_path.empty())
        configuration->translations = TranslationsWanted::Counters;
    auto outputs = RunOutputs::prepare(options);
    if (!outputs)
        return report(outputs.error());
    auto style = style_for(STDERR_FILENO, color);
    EventOutputs events(options, *configuration, style);

    auto session = Session::start(*configuration);
    if (!session)
        return report(session.error());
    outputs->trace.keep();
    if (const auto& obstacle = (*session)->unconfined_because(); !obstacle.empty())
        say("warning: the guest's worker process is not confined", obstacle);
    EventSink sink;
    if (options.recording())
        sink = [&events](Session& from, std::span<const EventRecord> batch) { return events.take(from, batch); };
    auto result = run_to_end(**session, sink);
    auto failure = write_results(options, *configuration, **session, events, *outputs, result, style);
    // Of interest where the guest has met them: a scenario that says so, or an unknown kernel of a user who wants to know.
    bool by_path = scenario->title.empty();
    if ((scenario->difference_under(configuration->strategy) || (by_path && options.statistics)) && !options.quiet)
        print(discrepancy_table(result.end.discrepancies, style));
    pass_on_words(**session);
    return conclude(options, *configuration, result, failure);
}

}

void add_run_command(Program& program)
{
    auto options = std::make_shared<RunOptions>();
    auto* command = program.app.add_subcommand("run", "Run a guest to its end");
    command->footer(footer);
    command->fallthrough();
    command
        ->add_option(
            "GUEST", options->guest, "A scenario's name (see 'ringside scenarios') or\nthe path of a Multiboot kernel")
        ->required();
    command->add_option("--strategy", options->strategy, "How to run it (see 'ringside strategies')")
        ->option_text("NAME");
    command
        ->add_option("--switch", options->switches,
            "Let other strategies go on with the running\nguest, at these times since its start, as in\n200ms:trap,400ms:emulation")
        ->option_text("TIME:NAME,...");
    command->add_option("--memory", options->memory_mebibytes, "The guest's memory in MiB; without it, what\nthe scenario says, 256 for a kernel by path")->option_text("MIB");
    command->add_option("--module", options->modules, "A Multiboot module, and its command line;\nmay be repeated")
        ->option_text("\"FILE [ARGS]\"")
        ->allow_extra_args(false);
    command->add_option("--append", options->append, "More of the kernel's command line")
        ->option_text("TEXT")
        ->allow_extra_args(false);
    command
        ->add_option("--disk", options->disks,
            "The image of a disk: raw, in sectors of 512\nbytes; may be repeated")
        ->option_text("FILE")
        ->allow_extra_args(false);
    command
        ->add_option(
            "--timeout", options->timeout_seconds, "Stop the guest after that time, with exit\ncode 124; 0: never")
        ->option_text("SECONDS")
        ->check(seconds_check());
    add_rewriting_options(*command, options->strategy_options);
    const std::map<std::string, ClockKind> clocks { { "host", ClockKind::Host }, { "virtual", ClockKind::Virtual } };
    command
        ->add_option(
            "--clock", options->clock, "host (default), or virtual: time by blocks\nexecuted, the same in every run")
        ->option_text("KIND")
        ->transform(CLI::CheckedTransformer(clocks).description(""));
    command->add_option("--trace", options->trace_path, "Record every event to this file")
        ->option_text("FILE")
        ->check(file_name_check());
    command->add_flag("--stats", options->statistics, "Afterwards, a table of exits and ring changes");
    command->add_flag("--story", options->story, "Tell every event as a sentence as it happens");
    command->add_flag("--timeline", options->timeline, "Afterwards, a picture of the first ring changes");
    command->add_flag("--screen", options->screen, "Show the guest's VGA text screen as it was in the\nend");
    command->add_option("--json", options->json_path, "Write the result for programs to this file")
        ->option_text("FILE")
        ->check(file_name_check());
    command->add_flag("--quiet", options->quiet, "Do not say why the guest ended");
    command->callback(
        [&program, options] { program.action = [&program, options] { return run_guest(*options, program.color); }; });
}

}
