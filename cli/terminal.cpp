#include "cli/terminal.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <unistd.h>

namespace ringside {

namespace {

// The settings to restore. Global, because a signal handler must reach them.
termios g_original {};
volatile std::sig_atomic_t g_is_changed = 0;

constexpr std::array deadly_signals { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT };

void restore()
{
    if (g_is_changed)
        tcsetattr(STDIN_FILENO, TCSANOW, &g_original);
    g_is_changed = 0;
}

void restore_and_die(int signal)
{
    restore();
    std::signal(signal, SIG_DFL);
    raise(signal);
}

bool is_set(const char* variable)
{
    const char* value = std::getenv(variable);
    return value && *value;
}

bool is_smart_terminal(int descriptor)
{
    const char* term = std::getenv("TERM");
    return isatty(descriptor) && term && *term && std::string_view { term } != "dumb";
}

// As the C library decides: the first of these that is set names the encoding.
bool is_utf8_locale()
{
    for (const char* variable : { "LC_ALL", "LC_CTYPE", "LANG" }) {
        if (!is_set(variable))
            continue;
        std::string_view locale = std::getenv(variable);
        return locale.find("UTF-8") != std::string_view::npos || locale.find("utf8") != std::string_view::npos;
    }
    return false;
}

bool wants_color(int descriptor, ColorChoice choice)
{
    if (choice == ColorChoice::Auto)
        return !is_set("NO_COLOR") && is_smart_terminal(descriptor);
    return choice == ColorChoice::Always;
}

}

Style style_for(int descriptor, ColorChoice choice)
{
    return { .color = wants_color(descriptor, choice), .unicode = is_utf8_locale() };
}

bool may_read_standard_input()
{
    return !isatty(STDIN_FILENO) || tcgetpgrp(STDIN_FILENO) == getpgrp();
}

KeyboardMode::KeyboardMode()
{
    resume();
    for (int signal : deadly_signals)
        std::signal(signal, restore_and_die);
}

KeyboardMode::~KeyboardMode()
{
    suspend();
    for (int signal : deadly_signals)
        std::signal(signal, SIG_DFL);
}

void KeyboardMode::suspend()
{
    restore();
}

void KeyboardMode::resume()
{
    if (!isatty(STDIN_FILENO) || !may_read_standard_input() || tcgetattr(STDIN_FILENO, &g_original) != 0)
        return;
    termios keys = g_original;
    keys.c_iflag &= ~static_cast<tcflag_t>(ICRNL | INLCR | IGNCR | ISTRIP | IXON);
    keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | IEXTEN);
    keys.c_cc[VMIN] = 1;
    keys.c_cc[VTIME] = 0;
    g_is_changed = 1;
    tcsetattr(STDIN_FILENO, TCSANOW, &keys);
}

}
