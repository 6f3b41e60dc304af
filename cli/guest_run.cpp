#include "cli/guest_run.hpp"

#include "cli/console_bridge.hpp"
#include "cli/messages.hpp"
#include "cli/signals.hpp"
#include "cli/terminal.hpp"

#include <chrono>
#include <csignal>
#include <unistd.h>
#include <vector>

namespace ringside {

namespace {

using namespace std::chrono_literals;

// The ring buffer of events holds some milliseconds of a busy guest.
constexpr auto between_drains = 2ms;
constexpr auto long_time = 3'600'000ms;
constexpr std::size_t events_at_once = 1 << 16;

class Run {
public:
    Run(Session& session, const EventSink& sink)
        : m_session(session)
        , m_sink(sink)
        , m_bridge(session)
    {
    }

    GuestRunResult to_end()
    {
        auto begin = std::chrono::steady_clock::now();
        while (!m_session.ended())
            round();
        m_result.wall_time = std::chrono::steady_clock::now() - begin;
        while (!m_bridge.drained() && !m_insisted)
            round();
        drain_events();
        m_result.end = m_session.end();
        m_result.console_used = m_bridge.used();
        if (m_bridge.failure())
            m_result.failure = m_bridge.failure();
        return m_result;
    }

private:
    void round()
    {
        m_descriptors.assign({ { m_signals.descriptor(), POLLIN, 0 } });
        m_bridge.prepare(m_descriptors);
        m_session.wait(m_sink ? between_drains : long_time, m_bridge.console(), m_descriptors);
        if (m_descriptors[0].revents != 0)
            take_signal();
        m_bridge.proceed(m_descriptors);
        pass_debug_output();
        drain_events();
        if (m_bridge.failure() || m_result.failure)
            m_session.request_stop();
    }

    void take_signal()
    {
        int signal = m_signals.take();
        if (signal == SIGTSTP)
            return stop_for_a_while();
        if (signal == 0)
            return;
        m_insisted = m_result.signal != 0;
        if (m_insisted)
            m_session.kill();
        m_result.signal = signal;
        m_session.request_stop();
    }

    void stop_for_a_while()
    {
        m_session.pause();
        m_keyboard.suspend();
        m_signals.stop_process();
        m_keyboard.resume();
        m_session.resume();
    }

    // Port 0xE9 is for the developer of a kernel: it goes where messages go.
    void pass_debug_output()
    {
        std::string text;
        if (m_session.take_debug_output(text) > 0) {
            [[maybe_unused]] ssize_t written = write(STDERR_FILENO, text.data(), text.size());
        }
    }

    void drain_events()
    {
        if (!m_sink)
            return;
        do {
            m_events.clear();
            m_session.trace().drain(m_events, events_at_once);
            if (m_result.failure)
                continue;
            if (auto done = m_sink(m_session, m_events); !done)
                m_result.failure = done.error();
        } while (!m_events.empty() && m_session.ended());
    }

    Session& m_session;
    const EventSink& m_sink;
    RunSignals m_signals;
    KeyboardMode m_keyboard;
    ConsoleBridge m_bridge;
    std::vector<pollfd> m_descriptors;
    std::vector<EventRecord> m_events;
    bool m_insisted = false; // a second signal came: do not wait for anybody any more
    GuestRunResult m_result;
};

}

GuestRunResult run_to_end(Session& session, const EventSink& sink)
{
    return Run(session, sink).to_end();
}

}
