// Between a guest's serial console and this program's standard input and output. Bytes pass as they are. When the
// reader of standard output is slow the guest waits, and when the guest does not read, whoever writes to standard input
// waits.
#pragma once

#include "core/session/session.hpp"

#include <optional>
#include <poll.h>
#include <string>
#include <vector>

namespace ringside {

class ConsoleBridge {
public:
    explicit ConsoleBridge(Session& session)
        : m_session(session)
    {
    }

    // One round: adds what is to be waited for; after the wait, with the same descriptors, does what has become
    // possible.
    void prepare(std::vector<pollfd>& descriptors);
    void proceed(std::span<const pollfd> descriptors);

    // Whether a text of the guest is welcome now.
    Session::Console console() const { return m_output.empty() ? Session::Console::Wake : Session::Console::Ignore; }
    // Everything that the guest has said has been written.
    bool drained();
    // Whether the guest has ever said anything.
    bool used() const { return m_used; }
    // Standard output failed; nothing more is written.
    const std::optional<Error>& failure() const { return m_failure; }

private:
    void fetch_output();
    void write_output();
    void read_input();
    void send_input();

    Session& m_session;
    std::string m_output;
    std::string m_input;
    bool m_input_is_open = true;
    bool m_used = false;
    std::optional<Error> m_failure;
};

}
