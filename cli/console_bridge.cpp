#include "cli/console_bridge.hpp"

#include "cli/messages.hpp"
#include "cli/output.hpp"
#include "cli/terminal.hpp"

#include <array>
#include <cerrno>
#include <unistd.h>

namespace ringside {

namespace {

// What a pipe takes without blocking once it says that it takes anything (PIPE_BUF, pipe(7)).
constexpr std::size_t chunk = 4096;

bool is_ready(std::span<const pollfd> descriptors, int descriptor)
{
    for (const auto& entry : descriptors) {
        if (entry.fd == descriptor && entry.revents != 0)
            return true;
    }
    return false;
}

}

void ConsoleBridge::prepare(std::vector<pollfd>& descriptors)
{
    if (!m_output.empty())
        descriptors.push_back({ STDOUT_FILENO, POLLOUT, 0 });
    if (m_session.ended())
        return;
    if (!m_input.empty())
        descriptors.push_back({ m_session.input_descriptor(), POLLOUT, 0 });
    else if (m_input_is_open && may_read_standard_input())
        descriptors.push_back({ STDIN_FILENO, POLLIN, 0 });
}

void ConsoleBridge::proceed(std::span<const pollfd> descriptors)
{
    if (is_ready(descriptors, STDOUT_FILENO))
        write_output();
    if (is_ready(descriptors, STDIN_FILENO))
        read_input();
    if (!m_input.empty())
        send_input();
    fetch_output();
}

bool ConsoleBridge::drained()
{
    fetch_output();
    return m_output.empty();
}

void ConsoleBridge::fetch_output()
{
    if (m_output.empty())
        m_session.take_console(m_output, chunk);
    m_used = m_used || !m_output.empty();
    if (m_failure)
        m_output.clear();
}

void ConsoleBridge::write_output()
{
    ssize_t written = write(STDOUT_FILENO, m_output.data(), m_output.size());
    if (written >= 0) {
        note_output(std::string_view { m_output }.substr(0, static_cast<std::size_t>(written)));
        m_output.erase(0, static_cast<std::size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
        m_failure = output_failure(errno).error;
        m_output.clear();
    }
}

void ConsoleBridge::read_input()
{
    std::array<char, chunk> text;
    ssize_t size = read(STDIN_FILENO, text.data(), text.size());
    if (size > 0) {
        m_input.assign(text.data(), static_cast<std::size_t>(size));
    } else if (size == 0 || (errno != EINTR && errno != EAGAIN)) {
        m_input_is_open = false;
        m_session.end_input();
    }
}

void ConsoleBridge::send_input()
{
    m_input.erase(0, m_session.type(m_input));
}

}
