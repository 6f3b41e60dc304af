// Sessions for tests: started, waited for, with a bound on everything.
#pragma once

#include "core/session/session.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace ringside::test {

using namespace std::chrono_literals;

// The program under test: RINGSIDE in the environment, or `ringside` beside this one.
std::string program();

SessionConfiguration configuration_of(const std::string& guest_name);
std::unique_ptr<Session> start(const SessionConfiguration& configuration);
inline std::unique_ptr<Session> start(const std::string& guest_name)
{
    return start(configuration_of(guest_name));
}

// Waits until the condition holds, and says whether it came to that.
bool wait_until(Session& session, const std::function<bool()>& condition, std::chrono::milliseconds bound = 20s);
bool wait_for_end(Session& session);
// Takes console text until there are `size` bytes of it or the session has ended.
std::string take_text(Session& session, std::size_t size);
// Takes all console text until the session has ended.
std::string take_all(Session& session);

}
