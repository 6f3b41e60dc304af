#include "core/session/session.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <sys/socket.h>
#include <utility>
#include <vector>

namespace ringside {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto longest_stop = 2'000ms; // from a polite request to SIGKILL
constexpr auto longest_exit = 1'000ms; // from the last message or the end of the connection to the end of the process
constexpr auto shortest_look = 1ms;    // while a guest prints or is typed to, its text is looked for this often,
constexpr auto longest_look = 10ms;    // and when nothing happens, this often
constexpr int messages_at_once = 64;   // so that a flood cannot keep the owner here
constexpr std::size_t most_kept = 1 << 20;

std::size_t take(std::string& out, std::size_t limit, std::string& kept, ConsoleReader& reader)
{
    std::size_t from_kept = std::min(limit, kept.size());
    out.append(kept, 0, from_kept);
    kept.erase(0, from_kept);
    return from_kept + reader.take(out, limit - from_kept);
}

bool any_ready(std::span<const pollfd> descriptors)
{
    return std::ranges::any_of(descriptors, [](const pollfd& descriptor) { return descriptor.revents != 0; });
}

}

Session::~Session() = default;

static void send_command(const Descriptor& control, Command command)
{
    std::array body { static_cast<std::byte>(command) };
    (void)try_send_message(control.get(), MessageKind::Command, body);
}

void Session::pause()
{
    send_command(m_control, Command::Pause);
}

void Session::resume()
{
    send_command(m_control, Command::Resume);
}

void Session::request_stop()
{
    if (ended() || m_stopping)
        return;
    m_stopping = true;
    m_deadline = steady_clock::now() + longest_stop;
    send_command(m_control, Command::Stop);
}

Result<void> Session::switch_to(std::string_view strategy)
{
    if (std::ranges::find(m_strategies, strategy) == m_strategies.end())
        return fail(ExitCode::Usage, fmt::format("this run was not set up for the strategy '{}'", strategy));
    (void)try_send_message(m_control.get(), MessageKind::Switch, std::as_bytes(std::span { strategy }));
    return {};
}

void Session::stop(Milliseconds patience)
{
    // A guest that waits for room in its trace would never see the request.
    m_trace.block().recording.store(false);
    request_stop();
    if (!ended())
        m_deadline = steady_clock::now() + patience;
    while (!ended())
        poll(100ms, {});
}

void Session::kill()
{
    if (ended())
        return;
    m_stopping = true;
    m_worker.kill();
    finish();
}

bool Session::text_waits() const
{
    return m_serial.available() + m_debug.available() + m_kept_serial.size() + m_kept_debug.size() > 0;
}

void Session::wait(Milliseconds timeout, Console console, std::span<pollfd> others)
{
    State before = m_state;
    auto until = steady_clock::now() + timeout;
    for (;;) {
        auto left = std::max(std::chrono::ceil<Milliseconds>(until - steady_clock::now()), 0ms);
        if (console == Console::Ignore) {
            poll(left, others);
            return;
        }
        poll(text_waits() ? 0ms : std::min(left, m_look_again), others);
        if (m_state != before || any_ready(others) || text_waits() || left == 0ms)
            return;
        m_look_again = std::min<Milliseconds>(2 * m_look_again, longest_look);
    }
}

void Session::poll(Milliseconds timeout, std::span<pollfd> others)
{
    if (m_stopping)
        keep_console();
    std::vector<pollfd> descriptors { { m_control.get(), POLLIN, 0 } };
    descriptors.insert(descriptors.end(), others.begin(), others.end());
    int ready = ::poll(descriptors.data(), descriptors.size(), static_cast<int>(until_deadline(timeout).count()));
    for (std::size_t i = 0; i < others.size(); ++i)
        others[i].revents = ready > 0 ? descriptors[i + 1].revents : short { 0 };
    if (ready > 0 && descriptors[0].revents != 0)
        receive();
    check_deadline();
}

Session::Milliseconds Session::until_deadline(Milliseconds timeout) const
{
    if (!m_deadline || ended())
        return timeout;
    auto left = std::chrono::ceil<Milliseconds>(*m_deadline - steady_clock::now());
    return std::clamp(left, 0ms, timeout);
}

void Session::check_deadline()
{
    if (ended() || !m_deadline || steady_clock::now() < *m_deadline)
        return;
    if (m_stopping)
        return kill();
    m_timed_out = true;
    request_stop();
}

// A guest that is to stop may be waiting for room on its console, which nobody reads any more.
void Session::keep_console()
{
    if (m_kept_serial.size() < most_kept)
        m_serial.take(m_kept_serial, most_kept);
    if (m_kept_debug.size() < most_kept)
        m_debug.take(m_kept_debug, most_kept);
}

void Session::receive()
{
    for (int i = 0; i < messages_at_once && !ended(); ++i) {
        Received received = m_ready || m_memory ? receive_message(m_control.get())
                                                : receive_message_with_descriptor(m_control.get());
        switch (received.status) {
        case Received::Status::Message:
            take_message(received.message);
            break;
        case Received::Status::Nothing:
            return;
        case Received::Status::Malformed:
            break_off("the worker sent a damaged message");
            return;
        case Received::Status::Closed:
            finish();
            return;
        }
    }
}

void Session::take_message(Message& message)
{
    switch (message.kind) {
    case MessageKind::Ready:
        m_ready = true;
        m_unconfined_because = one_line({ reinterpret_cast<const char*>(message.body.data()), message.body.size() });
        return;
    case MessageKind::SetupFailed:
        m_setup_error = decode_error(message.body);
        if (!m_setup_error || m_ready)
            break_off("the worker sent a damaged message");
        return;
    case MessageKind::Paused:
        m_state = State::Paused;
        return;
    case MessageKind::Resumed:
        m_state = State::Running;
        return;
    case MessageKind::Ended:
        m_report = decode_report(message.body);
        if (!m_report)
            break_off("the worker sent a damaged message");
        else
            finish();
        return;
    case MessageKind::Switched:
        take_strategy({ reinterpret_cast<const char*>(message.body.data()), message.body.size() });
        return;
    case MessageKind::Translations:
        take_listing(message.body);
        return;
    case MessageKind::Memory:
        take_memory(message);
        return;
    case MessageKind::Snapshot:
        take_snapshot(message.body);
        return;
    case MessageKind::Setup:
    case MessageKind::Command:
    case MessageKind::Step:
    case MessageKind::Switch:
        break_off("the worker sent a message that only a session sends");
        return;
    }
}

void Session::take_strategy(std::string name)
{
    if (std::ranges::find(m_strategies, name) == m_strategies.end())
        break_off("the worker sent a damaged message");
    else
        m_strategy = std::move(name);
}

void Session::take_listing(std::span<const std::byte> part)
{
    if (m_wants_listing && part.size() <= longest_listing - m_listing.size())
        m_listing.insert(m_listing.end(), part.begin(), part.end());
    else
        break_off("the worker sent a damaged message");
}

// A worker that breaks the protocol is not to be trusted with anything more.
void Session::break_off(std::string reason)
{
    m_report = std::nullopt;
    m_worker.kill();
    finish();
    m_end = { SessionEnd::Cause::Died, { Outcome::Failed, 0, std::move(reason) }, {}, 0, 0 };
}

void Session::finish()
{
    ProcessEnd process = m_worker.collect(longest_exit);
    m_control.reset();
    m_input.reset();
    m_state = State::Ended;
    m_end = m_report ? end_of(*m_report) : end_of(process);
}

SessionEnd Session::end_of(const WorkerReport& report) const
{
    bool stopped = report.result.outcome == Outcome::Stopped;
    return { stopped ? stop_cause() : SessionEnd::Cause::Guest, report.result, report.place, 0, report.elapsed,
        report.screen, report.discrepancies };
}

SessionEnd Session::end_of(const ProcessEnd& process) const
{
    if (m_stopping)
        return { stop_cause(), { Outcome::Stopped, 0, "killed, because it did not stop" }, {}, process.signal, 0 };
    return { SessionEnd::Cause::Died, { Outcome::Failed, 0, cause_of_death(process) }, {}, process.signal, 0 };
}

// What the worker itself says comes after what the host says of it.
std::string Session::cause_of_death(const ProcessEnd& process) const
{
    if (auto refused = m_account.refused())
        return "the sandbox stopped the worker: " + describe(*refused);
    // Without an account, because the signal was blocked or its handler could not run.
    if (process.signal == SIGSYS)
        return "the sandbox stopped the worker: a system call, with SIGSYS blocked";
    auto words = one_line(m_account.last_line());
    return describe(process) + (words.empty() ? "" : ": " + words);
}

std::size_t Session::took(std::size_t bytes)
{
    if (bytes > 0)
        m_look_again = shortest_look;
    return bytes;
}

std::size_t Session::take_console(std::string& out, std::size_t limit)
{
    return took(take(out, limit, m_kept_serial, m_serial));
}

std::size_t Session::take_debug_output(std::string& out, std::size_t limit)
{
    return took(take(out, limit, m_kept_debug, m_debug));
}

std::size_t Session::type(std::string_view text)
{
    m_look_again = shortest_look; // for the echo
    if (!m_input)
        return text.size();
    ssize_t sent = send(m_input.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0)
        return static_cast<std::size_t>(sent);
    // A guest that has ended reads nothing any more; its end is reported by wait().
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : text.size();
}

void Session::end_input()
{
    m_input.reset();
}

}
