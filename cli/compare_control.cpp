#include "cli/compare_control.hpp"

#include "core/session/session.hpp"

#include <array>
#include <fmt/format.h>
#include <string_view>
#include <unistd.h>

namespace ringside {

namespace {

constexpr unsigned columns = 79; // one less than a line has, so that the cursor stays on it

void print(const std::string& text)
{
    [[maybe_unused]] ssize_t written = write(STDERR_FILENO, text.data(), text.size());
}

}

CompareControl::CompareControl(bool shows_progress)
    : m_shows_progress(shows_progress && isatty(STDERR_FILENO))
{
}

ComparisonControl CompareControl::control()
{
    return { [this](const ComparisonStep& step) { follow(step); }, m_signals.descriptor(),
        [this](Session& session) { return take_signal(session); } };
}

void CompareControl::follow(const ComparisonStep& step)
{
    constexpr std::array<std::string_view, 3> phases { "warming up", "timing", "watching" };
    m_number = step.number;
    m_of = step.of;
    m_line = fmt::format("{} {} (run {} of {})", phases[static_cast<std::size_t>(step.phase)], step.strategy,
        step.number, step.of);
    show();
}

// Spaces instead of an escape sequence: any terminal understands them.
void CompareControl::show()
{
    if (!m_shows_progress)
        return;
    print(fmt::format("\r{:<{}.{}}", m_line, columns, columns));
    m_is_shown = true;
}

void CompareControl::clear()
{
    if (m_is_shown)
        print('\r' + std::string(columns, ' ') + '\r');
    m_is_shown = false;
}

ComparisonControl::Answer CompareControl::take_signal(Session& session)
{
    int taken = m_signals.take();
    if (taken == 0)
        return ComparisonControl::Answer::GoOn;
    session.kill();
    if (taken == SIGTSTP) {
        clear();
        m_signals.stop_process();
        show();
        return ComparisonControl::Answer::Again;
    }
    m_signal = taken;
    return ComparisonControl::Answer::Stop;
}

int CompareControl::signal()
{
    if (m_signal == 0)
        m_signal = m_signals.take();
    return m_signal == SIGTSTP ? 0 : m_signal;
}

std::string CompareControl::how_far() const
{
    return fmt::format("in run {} of {}", m_number, m_of);
}

}
