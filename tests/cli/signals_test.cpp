// The program under a terminal and under signals: what a user at a keyboard does.
#include "tests/catch.hpp"
#include "tests/support/command.hpp"
#include "tests/session/guests.hpp"
#include "tests/session/processes.hpp"
#include "tests/session/running.hpp"

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

// `ringside run` on a terminal of its own.
class TerminalRun {
public:
    explicit TerminalRun(const std::string& guest_path)
    {
        auto path = program();
        m_process = forkpty(&m_terminal, nullptr, nullptr, nullptr);
        REQUIRE(m_process >= 0);
        if (m_process == 0) {
            execl(path.c_str(), path.c_str(), "run", guest_path.c_str(), nullptr);
            _exit(127);
        }
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
    void type(const std::string& keys) { REQUIRE(write(m_terminal, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size())); }

    // Reads until `text` has come; false when it does not within 20 seconds.
    bool sees(const std::string& text)
    {
        auto give_up = std::chrono::steady_clock::now() + 20s;
        while (m_seen.find(text) == std::string::npos) {
            pollfd readable { m_terminal, POLLIN, 0 };
            char buffer[512];
            ssize_t size = poll(&readable, 1, 100) > 0 ? read(m_terminal, buffer, sizeof buffer) : 0;
            if (size < 0 || std::chrono::steady_clock::now() > give_up)
                return false;
            m_seen.append(buffer, static_cast<std::size_t>(size));
        }
        return true;
    }
    const std::string& seen() const { return m_seen; }

    bool echoes() const
    {
        termios settings {};
        REQUIRE(tcgetattr(m_terminal, &settings) == 0);
        return settings.c_lflag & ECHO;
    }

    int wait(int options = 0)
    {
        int status = 0;
        REQUIRE(waitpid(m_process, &status, options) == m_process);
        if (!WIFSTOPPED(status))
            m_process = -1;
        return status;
    }

private:
    int m_terminal = -1;
    pid_t m_process = -1;
    std::string m_seen;
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
    TerminalRun run(guest("echo"));
    REQUIRE(run.sees("ready\r\n"));
    kill(run.process(), SIGTSTP);
    // Its process group has no shell that could continue it, so SIGTSTP alone would not stop it: see signals.cpp.
    std::this_thread::sleep_for(200ms);
    kill(run.process(), SIGCONT);
    run.type("xq");
    CHECK(run.sees("xq"));
    int status = run.wait();
    CHECK(WIFEXITED(status));
    CHECK(run.echoes());
}

TEST_CASE("killing the program ends its guest", "[cli]")
{
    TerminalRun run(guest("spin"));
    REQUIRE(run.sees("spinning"));
    kill(run.process(), SIGKILL);
    run.wait();
    // The worker was the only other process with this terminal as its standard error.
    CHECK_FALSE(run.sees("never said"));
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
    auto outcome = ringside({ "run", guest("flood") });
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
    auto outcome = ringside({ "run", guest("both") });
    CHECK(outcome.output == "serial");
    CHECK(outcome.errors == "d!");
}
