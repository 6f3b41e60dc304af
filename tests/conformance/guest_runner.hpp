// Runs one guest in a session and keeps what it said and how it ended.
#pragma once

#include "core/result.hpp"
#include "core/session/session.hpp"

#include <filesystem>
#include <string>

namespace ringside::test {

struct GuestRun {
    std::string console;
    SessionEnd end;
};

// The program that the tests are about ($RINGSIDE), which is also the workers' program.
std::string ringside_program();

// Runs the guest to its end and takes its console meanwhile.
Result<GuestRun> run_guest(SessionConfiguration configuration);
// The same with a session that has been started, recording or not.
GuestRun run_started(Session& session, bool recording);

// Where two consoles part, for people: "line 7: expected `...`, got `...`"; "" when they are the same.
std::string first_difference(std::string_view expected, std::string_view got);

std::string read_file(const std::filesystem::path& path);

}
