// `ringside audit`: what of an image a classic monitor would not see, found without running it.
#include "cli/audit_report.hpp"
#include "cli/commands.hpp"
#include "cli/messages.hpp"
#include "cli/output.hpp"
#include "cli/run_report.hpp"
#include "core/machine/image_file.hpp"
#include "core/machine/kernel_code.hpp"
#include "core/machine/multiboot.hpp"
#include "core/session/scenario.hpp"

#include <fmt/format.h>
#include <memory>
#include <unistd.h>

namespace ringside {

namespace {

struct AuditOptions {
    std::string guest;
    std::string json_path;
};

Result<std::vector<std::byte>> read_kernel(const std::string& path)
{
    auto file = ImageFile::open(path);
    if (!file)
        return file.propagate();
    if (file->size() > largest_kernel_file)
        return bad_image(path, fmt::format("is larger than {} MiB", largest_kernel_file / mebibyte));
    return file->read();
}

int audit(const AuditOptions& options, ColorChoice color)
{
    auto scenario = ScenarioLibrary::of_this_program().find_guest(options.guest);
    if (!scenario)
        return report(scenario.error());
    OutputFile json;
    if (!options.json_path.empty()) {
        auto prepared = OutputFile::prepare(options.json_path);
        if (!prepared)
            return report(prepared.error());
        json = std::move(*prepared);
    }
    AuditedImage image { options.guest, scenario->boot.kernel_path, {}, {}, {} };
    auto bytes = read_kernel(image.path);
    if (!bytes)
        return report(bytes.error());
    auto ranges = code_ranges(*bytes, image.path);
    if (!ranges)
        return report(ranges.error());
    image.ranges = std::move(*ranges);
    image.symbols = SymbolTable { elf_symbols(*bytes) };
    image.audit = audit_code(image.ranges, image.symbols);

    if (json.wanted()) {
        if (auto written = json.write(json_text(audit_json(image))); !written)
            return report(written.error());
    }
    return answer(audit_text(image, style_for(STDOUT_FILENO, color)));
}

}

void add_audit_command(Program& program)
{
    auto options = std::make_shared<AuditOptions>();
    auto* command = program.app.add_subcommand("audit", "List the sensitive instructions of a kernel");
    command->footer(R"(A sensitive instruction reads or changes privileged state. Those that are not
privileged as well do not fault outside ring 0: a classic monitor, which runs
the kernel there and waits for faults, does not see them (Popek and Goldberg
1974). The audit finds them in a scenario's kernel or in any Multiboot kernel or
32-bit ELF program, without running it. Exit code 0 whatever it finds.

Examples:
  ringside audit holes
  ringside audit ./kernel.elf --json audit.json
)");
    command->fallthrough();
    command
        ->add_option(
            "GUEST", options->guest, "A scenario's name (see 'ringside scenarios') or\nthe path of a kernel or program")
        ->required();
    const CLI::Validator named([](const std::string& path) { return path.empty() ? "a file needs a name" : ""; }, "");
    command->add_option("--json", options->json_path, "Write the result for programs to this file")
        ->option_text("FILE")
        ->check(named);
    command->callback(
        [&program, options] { program.action = [&program, options] { return audit(*options, program.color); }; });
}

}
