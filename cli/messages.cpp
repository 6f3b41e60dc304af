#include "cli/messages.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <unistd.h>

namespace ringside {

namespace {

// Text on standard output since the last '\n'. A global, because say() can be called from anywhere.
bool g_line_is_open = false;

bool same_terminal()
{
    return isatty(STDOUT_FILENO) && isatty(STDERR_FILENO);
}

}

void note_output(std::string_view text)
{
    if (!text.empty())
        g_line_is_open = text.back() != '\n';
}

void say(std::string_view message, std::string_view hint)
{
    std::string line = g_line_is_open && same_terminal() ? "\n" : "";
    g_line_is_open = false;
    line += fmt::format("ringside: {}", message);
    if (!hint.empty())
        line += fmt::format(" (hint: {})", hint);
    std::replace(line.begin() + 1, line.end(), '\n', ' ');
    line += '\n';
    // When nobody hears it there is nobody to tell.
    [[maybe_unused]] ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

int report(const Error& error)
{
    say(error.message, error.hint);
    return static_cast<int>(error.code);
}

}
