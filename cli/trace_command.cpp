// `ringside trace`: a trace file, turned into another format or summed up.
#include "cli/commands.hpp"
#include "cli/messages.hpp"
#include "cli/output.hpp"
#include "cli/trace_summary.hpp"
#include "core/machine/kernel_image.hpp"
#include "core/trace/exporters.hpp"
#include "core/trace/trace_file.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

namespace ringside {

namespace {

struct TraceOptions {
    std::string file;
    std::string format;
    std::string output;
    bool summary = false;
    bool json = false;
};

std::string footer()
{
    std::string text = "Formats:\n";
    for (const auto& exporter : exporters())
        text += fmt::format("  {:<8}  {}\n", exporter.name, exporter.description);
    return text + R"(
Examples:
  ringside run hello --trace hello.rst
  ringside trace hello.rst --summary
  ringside trace hello.rst --to chrome --output hello.json
  ringside trace hello.rst --to jsonl --output - | head
)";
}

bool is_known_format(const std::string& name)
{
    for (const auto& exporter : exporters()) {
        if (exporter.name == name)
            return true;
    }
    return false;
}

// A trace that is cut short is exported as far as it goes; that is said, and is no success.
int conclude(const TraceReader& reader, const Result<void>& exported)
{
    if (!exported)
        return report(exported.error());
    if (reader.ending().kind != TraceEnding::Kind::Complete)
        return report({ ExitCode::BadImage, fmt::format("{}: {}", printable(reader.path()), reader.ending().message),
            "everything before that was exported" });
    return static_cast<int>(ExitCode::Success);
}

int export_to_standard_output(TraceReader& reader, const std::string& format)
{
    auto exported = export_trace(reader, format, std::cout);
    return std::cout ? conclude(reader, exported) : report(output_failure(errno).error);
}

int export_to_file(TraceReader& reader, const TraceOptions& options)
{
    std::error_code error;
    if (std::filesystem::equivalent(options.file, options.output, error))
        return report({ ExitCode::Usage, "the output is the trace itself", "choose another --output" });
    auto output = OutputFile::prepare(options.output);
    if (!output)
        return report(output.error());
    std::ofstream out(options.output, std::ios::binary | std::ios::trunc);
    auto exported = export_trace(reader, options.format, out);
    if (exported)
        output->keep();
    return conclude(reader, exported);
}

int convert(const TraceOptions& options)
{
    if (!is_known_format(options.format)) {
        std::ofstream nowhere;
        auto reader = TraceReader::open(options.file);
        return reader ? report(export_trace(*reader, options.format, nowhere).error()) : report(reader.error());
    }
    auto reader = TraceReader::open(options.file);
    if (!reader)
        return report(reader.error());
    return options.output == "-" ? export_to_standard_output(*reader, options.format)
                                 : export_to_file(*reader, options);
}

// One of the two: a summary, or another format with its output.
Result<void> check(const TraceOptions& options)
{
    bool converts = !options.format.empty() || !options.output.empty();
    if (options.summary && converts)
        return fail(ExitCode::Usage, "--summary goes with neither --to nor --output", "the summary is standard output");
    if (options.json && !options.summary)
        return fail(ExitCode::Usage, "--json goes with --summary", "for every event as JSON: --to jsonl");
    if (!options.summary && (options.format.empty() || options.output.empty()))
        return fail(ExitCode::Usage, "trace needs --summary, or --to and --output", "see: ringside trace --help");
    return {};
}

int act(const TraceOptions& options, ColorChoice color)
{
    if (auto possible = check(options); !possible)
        return report(possible.error());
    return options.summary ? show_trace_summary(options.file, options.json, color) : convert(options);
}

}

void add_trace_command(Program& program)
{
    auto options = std::make_shared<TraceOptions>();
    auto* command = program.app.add_subcommand("trace", "Sum up a recorded trace, or convert it");
    command->footer(footer());
    command->fallthrough();
    command->add_option("FILE", options->file, "A trace, as 'ringside run --trace' writes it")->required();
    command->add_flag("--summary", options->summary, "What exits cost by reason, ring changes and totals");
    command->add_flag("--json", options->json, "The summary as JSON");
    command->add_option("--to", options->format, "The format")->option_text("FORMAT");
    command->add_option("--output", options->output, "The file to write; - for standard output")->option_text("FILE");
    command->callback(
        [&program, options] { program.action = [&program, options] { return act(*options, program.color); }; });
}

}
