// The instruction emulator against the CPU that runs this test, for what a program in ring 3 may execute.
//
// RINGSIDE_SEED and RINGSIDE_CASES (cases a form and setting) choose another run; [long] is a longer one.
//
// Not generated: whatever shows selectors or the host's tables, and FS and GS, which the C library uses.
#include "tests/differential/comparer.hpp"
#include "tests/differential/host_side.hpp"

#include <cstdio>
#include <sys/wait.h>
#include <unistd.h>

using namespace ringside;
using namespace ringside::test;

namespace {

enum ExitStatus : int { Agreed = 0, Diverged = 1, NotPossible = 77 };

// In a process of its own, whose signal handlers and segments nobody else needs. Returns how it ended.
int compare_in_child(EmulatorSide& ours, uint64_t cases)
{
    std::fflush(stdout);
    pid_t child = fork();
    if (child != 0) {
        int status = 0;
        waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    HostSide theirs;
    if (!theirs.obstacle().empty()) {
        std::printf("not compared with the host CPU: %s\n", theirs.obstacle().c_str());
        std::fflush(stdout);
        _exit(NotPossible);
    }
    Comparer comparer(chosen_seed(), ours,
        { .name = "the host CPU",
            .memory = theirs.memory(),
            .run = [&](const Case& tested) { return theirs.run(tested); } });
    comparer.run(host_settings(), ordinary_forms(), cases);
    std::fputs(comparer.report().c_str(), stdout);
    std::fflush(stdout);
    bool all = comparer.compared() == host_settings().size() * ordinary_forms().size() * cases;
    _exit(all && comparer.diverged() == 0 ? Agreed : Diverged);
}

void compare(uint64_t usual_cases)
{
    EmulatorSide ours;
    int ended = compare_in_child(ours, chosen_cases(usual_cases));
    if (ended == NotPossible)
        WARN("the host does not let this test run code in segments of its own");
    else
        CHECK(ended == Agreed);
}

}

TEST_CASE("Ordinary instructions do what they do on the host CPU", "[differential]")
{
    compare(20);
}

TEST_CASE("Half a million instructions do what they do on the host CPU", "[.long]")
{
    compare(500);
}
