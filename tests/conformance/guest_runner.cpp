#include "tests/conformance/guest_runner.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <vector>

namespace ringside::test {

std::string ringside_program()
{
    const char* program = std::getenv("RINGSIDE");
    return program ? program : RINGSIDE_SOURCE_DIR "/build/release/ringside";
}

Result<GuestRun> run_guest(SessionConfiguration configuration)
{
    configuration.worker_program = ringside_program();
    auto session = Session::start(configuration);
    if (!session)
        return session.propagate();
    return run_started(**session, configuration.recording);
}

GuestRun run_started(Session& session, bool recording)
{
    GuestRun run;
    std::vector<EventRecord> events;
    // A recorded guest waits when nobody takes its events.
    auto patience = std::chrono::milliseconds { recording ? 2 : 100 };
    while (!session.ended()) {
        session.wait(patience);
        session.take_console(run.console);
        events.clear();
        session.trace().drain(events);
    }
    while (session.take_console(run.console) > 0) { }
    run.end = session.end();
    return run;
}

std::string first_difference(std::string_view expected, std::string_view got)
{
    std::istringstream left { std::string(expected) }, right { std::string(got) };
    for (unsigned line = 1;; ++line) {
        std::string left_line, right_line;
        bool left_has = static_cast<bool>(std::getline(left, left_line));
        bool right_has = static_cast<bool>(std::getline(right, right_line));
        if (!left_has && !right_has)
            return expected == got ? "" : "only the end of the last line differs";
        if (left_has != right_has || left_line != right_line)
            return fmt::format("line {}: expected {}, got {}", line, left_has ? "`" + left_line + "`" : "the end",
                right_has ? "`" + right_line + "`" : "the end");
    }
}

std::string read_file(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary);
    return { std::istreambuf_iterator<char>(file), {} };
}

}
