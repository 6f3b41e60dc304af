// `ringside view`: becomes the visualizer, a program of its own, so that nothing else of ringside needs a window's libraries.
#include "cli/commands.hpp"
#include "cli/messages.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <system_error>
#include <unistd.h>

namespace ringside {

namespace {

int become_visualizer(std::vector<std::string> arguments)
{
    std::error_code error;
    auto program = std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "ringside-visualizer";
    std::vector<char*> words;
    std::string name = program;
    words.push_back(name.data());
    for (auto& argument : arguments)
        words.push_back(argument.data());
    words.push_back(nullptr);
    execv(name.c_str(), words.data());
    return report({ ExitCode::Unavailable, fmt::format("cannot start {}: {}", name, std::strerror(errno)),
        "'ringside demo' and 'ringside compare' show the same as text" });
}

}

// The options are the visualizer's own: they are passed on as they are, --help included.
void add_view_command(Program& program)
{
    auto* command = program.app.add_subcommand("view", "Open the visualizer: guests and strategies, live");
    command->prefix_command();
    command->set_help_flag();
    command->callback([&program, command] {
        program.action = [arguments = command->remaining()] { return become_visualizer(arguments); };
    });
}

}
