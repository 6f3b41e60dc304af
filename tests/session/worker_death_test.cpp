#include "tests/catch.hpp"
#include "tests/support/processes.hpp"
#include "tests/support/running.hpp"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace ringside;
using namespace ringside::test;

namespace {

// A process that starts a session, says its worker's number, and then waits to be killed.
struct SessionProcess {
    pid_t process = -1;
    pid_t worker = -1;
};

[[noreturn]] void hold_session(const SessionConfiguration& configuration, int answer, bool on_main_thread)
{
    auto run = [&] {
        auto session = Session::start(configuration);
        pid_t worker = session ? (*session)->worker() : -1;
        if (write(answer, &worker, sizeof worker) == sizeof worker && session)
            pause();
    };
    if (on_main_thread)
        run();
    else
        std::thread(run).join();
    _exit(0);
}

SessionProcess start_session_process(bool on_main_thread)
{
    auto configuration = configuration_of("spin");
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    SessionProcess started;
    started.process = fork();
    REQUIRE(started.process >= 0);
    if (started.process == 0)
        hold_session(configuration, ends[1], on_main_thread);
    REQUIRE(read(ends[0], &started.worker, sizeof started.worker) == sizeof started.worker);
    close(ends[0]);
    close(ends[1]);
    return started;
}

bool ends_soon(pid_t process)
{
    for (int i = 0; i < 500; ++i) {
        if (!is_running(process))
            return true;
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

}

TEST_CASE("a worker killed by a signal is reported with its cause within 100 ms", "[session]")
{
    struct Death {
        int signal;
        const char* words;
    };
    auto death = GENERATE(Death { SIGKILL, "worker killed by SIGKILL (9)" },
        Death { SIGSEGV, "worker killed by SIGSEGV (11)" }, Death { SIGABRT, "worker killed by SIGABRT (6)" },
        Death { SIGTERM, "worker killed by SIGTERM (15)" });
    INFO(death.words);
    auto session = start("spin");
    REQUIRE(take_text(*session, 8) == "spinning");
    auto begin = std::chrono::steady_clock::now();
    REQUIRE(kill(session->worker(), death.signal) == 0);
    REQUIRE(wait_for_end(*session));
    auto time = std::chrono::steady_clock::now() - begin;

    CHECK(session->end().cause == SessionEnd::Cause::Died);
    CHECK(session->end().signal == death.signal);
    CHECK(session->end().result.reason == death.words);
    CHECK(exit_code(session->end()) == ExitCode::Internal);
    CHECK(time < 100ms);
}

TEST_CASE("the last words of a guest outlive its worker", "[session]")
{
    auto session = start("spin");
    REQUIRE(wait_until(
        *session, [&] { return session->trace().block().counters[size_t(EventKind::PortWrite)].count >= 8; }));
    REQUIRE(kill(session->worker(), SIGKILL) == 0);
    REQUIRE(wait_for_end(*session));
    CHECK(take_all(*session) == "spinning");
}

TEST_CASE("when one of two workers is killed the other goes on", "[session]")
{
    auto victim = start("spin");
    auto other = start("echo");
    REQUIRE(take_text(*other, 6) == "ready\n");
    REQUIRE(kill(victim->worker(), SIGSEGV) == 0);
    REQUIRE(wait_for_end(*victim));
    REQUIRE(other->type("still here, q") == 13);
    CHECK(take_all(*other) == "still here, q");
    CHECK(other->end().result.outcome == Outcome::Success);
}

TEST_CASE("a worker that does not react is killed", "[session]")
{
    auto session = start("spin");
    REQUIRE(kill(session->worker(), SIGSTOP) == 0);
    pid_t worker = session->worker();
    session->stop(100ms);
    CHECK(session->ended());
    CHECK(session->end().cause == SessionEnd::Cause::Command);
    CHECK_FALSE(session->end().place);
    CHECK_FALSE(is_running(worker));
}

TEST_CASE("Ctrl-C at the terminal does not reach a worker", "[session]")
{
    auto session = start("spin");
    CHECK(getpgid(session->worker()) == session->worker());
    CHECK(getpgid(session->worker()) != getpgrp());
}

TEST_CASE("a worker has only the descriptors that it needs", "[session]")
{
    int leaked = open("/dev/null", O_RDONLY); // without close-on-exec, as a careless library opens it
    auto session = start("spin");
    REQUIRE(take_text(*session, 8) == "spinning");
    auto directory = "/proc/" + std::to_string(session->worker()) + "/fd";
    std::vector<std::string> targets;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        auto target = std::filesystem::read_symlink(entry.path()).string();
        targets.push_back(target.substr(0, target.find_first_of("[ ")));
    }
    close(leaked);
    std::ranges::sort(targets);
    // Its standard error, the control socket, the input stream.
    CHECK(targets == std::vector<std::string> { "/memfd:ringside-account", "socket:", "socket:" });
}

TEST_CASE("when the session's process is killed its worker ends", "[session]")
{
    bool on_main_thread = GENERATE(true, false);
    INFO("session on the main thread: " << on_main_thread);
    auto started = start_session_process(on_main_thread);
    REQUIRE(started.worker > 0);
    CHECK(is_running(started.worker));
    REQUIRE(kill(started.process, SIGKILL) == 0);
    REQUIRE(waitpid(started.process, nullptr, 0) == started.process);
    CHECK(ends_soon(started.worker));
}

TEST_CASE("200 sessions leave no process, no descriptor and no memory behind", "[session]")
{
    {
        auto warm_up = start("greet");
    }
    auto descriptors_before = open_descriptors();
    for (int i = 0; i < 200; ++i) {
        auto session = start(i % 2 == 0 ? "greet" : "spin");
        if (i % 4 == 0)
            REQUIRE(wait_for_end(*session));
        else if (i % 4 == 1)
            session->stop();
        else if (i % 4 == 2)
            session->kill();
        // The rest are destroyed while they run.
    }
    CHECK(open_descriptors() == descriptors_before);
    CHECK(children().empty());
    std::ifstream maps("/proc/self/maps");
    std::string text { std::istreambuf_iterator<char>(maps), {} };
    CHECK(text.find("ringside-trace") == std::string::npos);
    CHECK(text.find("ringside-console") == std::string::npos);
}

TEST_CASE("a session that cannot be set up leaves nothing behind", "[session]")
{
    auto configuration = configuration_of("greet");
    configuration.boot.kernel_path = "/nonexistent/kernel";
    REQUIRE_FALSE(Session::start(configuration));
    auto descriptors_before = open_descriptors();
    for (int i = 0; i < 20; ++i)
        REQUIRE_FALSE(Session::start(configuration));
    CHECK(open_descriptors() == descriptors_before);
    CHECK(children().empty());
}
