#include "tests/support/running.hpp"

#include "tests/catch.hpp"
#include "tests/support/guests.hpp"

#include <cstdlib>
#include <filesystem>

namespace ringside::test {

std::string program()
{
    if (const char* named = std::getenv("RINGSIDE"))
        return named;
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "ringside";
}

SessionConfiguration configuration_of(const std::string& guest_name)
{
    SessionConfiguration configuration;
    configuration.name = guest_name;
    configuration.boot.kernel_path = guest(guest_name);
    configuration.memory_bytes = 4 * mebibyte;
    configuration.trace_capacity = 1 << 10;
    configuration.worker_program = program();
    return configuration;
}

std::unique_ptr<Session> start(const SessionConfiguration& configuration)
{
    auto session = Session::start(configuration);
    INFO((session ? "" : session.error().message));
    REQUIRE(session);
    return std::move(*session);
}

bool wait_until(Session& session, const std::function<bool()>& condition, std::chrono::milliseconds bound)
{
    auto give_up = std::chrono::steady_clock::now() + bound;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > give_up)
            return false;
        session.wait(5ms, Session::Console::Ignore);
    }
    return true;
}

bool wait_for_end(Session& session)
{
    return wait_until(session, [&] { return session.ended(); });
}

std::string take_text(Session& session, std::size_t size)
{
    std::string text;
    auto enough = [&] {
        session.take_console(text, size - text.size());
        return text.size() >= size || session.ended();
    };
    REQUIRE(wait_until(session, enough, 60s));
    session.take_console(text, size - text.size());
    return text;
}

std::string take_all(Session& session)
{
    return take_text(session, SIZE_MAX);
}

}
