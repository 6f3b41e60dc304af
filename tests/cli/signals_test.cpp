// The program under a terminal and under signals: what a user at a keyboard does.
#include "tests/catch.hpp"
#include "tests/support/command.hpp"
#include "tests/support/guests.hpp"
#include "tests/support/processes.hpp"
#include "tests/support/running.hpp"

#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <thread>
#include <unistd.h>

using namespace ringside::test;

namespace {

void become_run(const std::string& guest_path)
{
    auto path = program();
    execl(path.c_str(), path.c_str(), "run", guest_path.c_str(), nullptr);
    _exit(127);
}

bool terminal_echoes(int terminal)
{
    termios settings {};
    return tcgetattr(terminal, &settings) == 0 && (settings.c_lflag & ECHO);
}

// What a shell does for a job in the foreground: continues it when it has stopped. Says "stopped", and whether the
// terminal echoes then.
void be_shell_for(const std::string& guest_path)
{
    signal(SIGTTOU, SIG_IGN);
    pid_t job = fork();
    if (job == 0) {
        setpgid(0, 0);
        tcsetpgrp(STDIN_FILENO, getpid());
        signal(SIGTTOU, SIG_DFL);
        become_run(guest_path);
    }
    int status = 0;
    while (waitpid(job, &status, WUNTRACED) == job && WIFSTOPPED(status)) {
        tcsetpgrp(STDIN_FILENO, getpgrp());
        dprintf(STDOUT_FILENO, "stopped, echo %s;", terminal_echoes(STDIN_FILENO) ? "on" : "off");
        tcsetpgrp(STDIN_FILENO, job);
        kill(-job, SIGCONT);
    }
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

// `ringside run` on a terminal of its own.
class TerminalRun {
public:
    explicit TerminalRun(const std::string& guest_path, void (*become)(const std::string&) = become_run)
    {
        m_process = forkpty(&m_terminal, nullptr, nullptr, nullptr);
        REQUIRE(m_process >= 0);
        if (m_process == 0)
            become(guest_path);
    }
    ~TerminalRun()
    {
        if (m_process > 0) {
            kill(m_process, SIGKILL);
            waitpid(m_process, nullptr, 0);
        }
        close(m_terminal);
    }

    pid_t process() const { return m_process; }
    void type(const std::string& keys)
    {
        REQUIRE(write(m_terminal, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
    }

    // Reads until `text` has come; false when it does not within 20 seconds.
    bool sees(const std::string& text)
    {
        auto give_up = std::chrono::steady_clock::now() + 20s;
        while (m_seen.find(text) == std::string::npos) {
            pollfd readable { m_terminal, POLLIN, 0 };
            char buffer[512];
            ssize_t size = poll(&readable, 1, 100) > 0 ? read(m_terminal, buffer, sizeof buffer) : 0;
            m_read_error = size < 0;
            if (m_read_error || std::chrono::steady_clock::now() > give_up)
                return false;
            m_seen.append(buffer, static_cast<std::size_t>(size));
        }
        return true;
    }
    const std::string& seen() const { return m_seen; }

    // True once no process has the terminal open any more, which then reads as an error.
    bool is_abandoned() { return !sees("what is never said") && m_read_error; }

    bool echoes() const { return terminal_echoes(m_terminal); }

    int wait()
    {
        int status = 0;
        REQUIRE(waitpid(m_process, &status, 0) == m_process);
        m_process = -1;
        return status;
    }

private:
    int m_terminal = -1;
    pid_t m_process = -1;
    std::string m_seen;
    bool m_read_error = false;
};

}

TEST_CASE("keys reach the guest as they are typed, without the terminal's echo", "[cli]")
{
    TerminalRun run(guest("echo"));
    REQUIRE(run.sees("ready\r\n"));
    CHECK_FALSE(run.echoes());
    run.type("abc");
    CHECK(run.sees("abc"));
    CHECK(run.seen() == "ready\r\nabc");
    run.type("q");
    int status = run.wait();
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    CHECK(run.echoes());
}

TEST_CASE("Ctrl-C stops the guest, says where it was, and gives the terminal back", "[cli]")
{
    TerminalRun run(guest("spin"));
    REQUIRE(run.sees("spinning"));
    run.type("\x03");
    CHECK(run.sees("interrupts off"));
    int status = run.wait();
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGINT);
    CHECK(run.echoes());
    CHECK(run.seen().find("spinning\r\nringside: ") != std::string::npos); // the message on a line of its own
}

TEST_CASE("SIGTERM and SIGHUP stop a run in order", "[cli]")
{
    int signal = GENERATE(SIGTERM, SIGHUP);
    TerminalRun run(guest("sleep"));
    REQUIRE(run.sees("sleeping"));
    kill(run.process(), signal);
    int status = run.wait();
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == signal);
    CHECK(run.echoes());
}

TEST_CASE("Ctrl-Z stops the run with the terminal restored, and it goes on afterwards", "[cli]")
{
    TerminalRun run(guest("echo"), be_shell_for);
    REQUIRE(run.sees("ready\r\n"));
    run.type("\x1A");
    REQUIRE(run.sees("stopped, echo on;"));
    // It goes on a moment later; until then the terminal itself would echo.
    for (int i = 0; i < 1000 && run.echoes(); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds { 5 });
    REQUIRE_FALSE(run.echoes());
    run.type("x");
    CHECK(run.sees(";x"));
    run.type("q");
    CHECK(run.sees(";xq"));
    int status = run.wait();
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    CHECK(run.seen() == "ready\r\nstopped, echo on;xq");
}

TEST_CASE("killing the program ends its guest", "[cli]")
{
    TerminalRun run(guest("spin"));
    REQUIRE(run.sees("spinning"));
    kill(run.process(), SIGKILL);
    run.wait();
    // The worker is the only other process that has this terminal open, as its standard error.
    CHECK(run.is_abandoned());
}

TEST_CASE("a reader that goes away ends the run with one line", "[cli]")
{
    auto outcome = [] {
        int ends[2];
        REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
        close(ends[0]);
        auto file = "/proc/self/fd/" + std::to_string(ends[1]);
        auto result = invoke({ { "run", guest("flood") }, {}, {}, file });
        close(ends[1]);
        return result;
    }();
    INFO(outcome.errors);
    CHECK(outcome.status == 65);
    CHECK(lines_of(outcome.errors) == 1);
}

TEST_CASE("binary output arrives byte for byte through a pipe", "[cli]")
{
    auto outcome = run_program({ "run", guest("flood") });
    CHECK(outcome.status == 0);
    REQUIRE(outcome.output.size() == 256 * 1024);
    for (std::size_t i = 0; i < outcome.output.size(); ++i)
        REQUIRE(outcome.output[i] == static_cast<char>(i));
}

TEST_CASE("piped input reaches the guest whole", "[cli]")
{
    std::string input;
    for (int i = 0; i < 256; ++i) {
        if (i != 'q')
            input.push_back(static_cast<char>(i));
    }
    input += 'q';
    auto outcome = invoke({ { "run", guest("echo") }, input, {}, {} });
    CHECK(outcome.status == 0);
    CHECK(outcome.output == "ready\n" + input);
}

TEST_CASE("what a guest writes to port 0xE9 goes to standard error", "[cli]")
{
    auto outcome = run_program({ "run", guest("both") });
    CHECK(outcome.output == "serial");
    CHECK(outcome.errors == "d!");
}
