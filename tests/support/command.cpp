#include "tests/support/command.hpp"

#include "tests/catch.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ringside::test {

namespace {

constexpr unsigned longest_run = 60; // seconds

std::string program()
{
    if (const char* named = std::getenv("RINGSIDE"))
        return named;
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "ringside";
}

struct Pipe {
    int read_end = -1;
    int write_end = -1;
    Pipe()
    {
        int ends[2];
        REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
        read_end = ends[0];
        write_end = ends[1];
    }
};

[[noreturn]] void become_program(const Invocation& invocation, int input, int output, int errors)
{
    alarm(longest_run);
    for (const auto& [name, value] : invocation.environment)
        value.empty() ? unsetenv(name.c_str()) : setenv(name.c_str(), value.c_str(), 1);
    dup2(input, STDIN_FILENO);
    if (invocation.standard_output == "-")
        close(STDOUT_FILENO);
    else if (!invocation.standard_output.empty())
        dup2(open(invocation.standard_output.c_str(), O_WRONLY), STDOUT_FILENO);
    else
        dup2(output, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    auto path = program();
    std::vector<char*> arguments { path.data() };
    std::vector<std::string> words = invocation.arguments;
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    execv(path.c_str(), arguments.data());
    _exit(127);
}

// Reads both to their ends, so that neither holds the program up.
void read_both(int output, std::string& output_text, int errors, std::string& error_text)
{
    std::array open { pollfd { output, POLLIN, 0 }, pollfd { errors, POLLIN, 0 } };
    while (open[0].fd >= 0 || open[1].fd >= 0) {
        poll(open.data(), open.size(), -1);
        for (std::size_t i = 0; i < open.size(); ++i) {
            if (open[i].revents == 0)
                continue;
            std::array<char, 4096> buffer;
            ssize_t size = read(open[i].fd, buffer.data(), buffer.size());
            if (size <= 0)
                open[i].fd = -1;
            else
                (i == 0 ? output_text : error_text).append(buffer.data(), static_cast<std::size_t>(size));
        }
    }
}

}

ProgramEnd invoke(const Invocation& invocation)
{
    Pipe input, output, errors;
    pid_t process = fork();
    REQUIRE(process >= 0);
    if (process == 0)
        become_program(invocation, input.read_end, output.write_end, errors.write_end);
    for (int end : { input.read_end, output.write_end, errors.write_end })
        close(end);
    REQUIRE(invocation.input.size() <= 4096); // fits a pipe, so that writing does not block
    (void)!write(input.write_end, invocation.input.data(), invocation.input.size());
    close(input.write_end);

    ProgramEnd outcome;
    read_both(output.read_end, outcome.output, errors.read_end, outcome.errors);
    close(output.read_end);
    close(errors.read_end);
    int status = 0;
    REQUIRE(waitpid(process, &status, 0) == process);
    outcome.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return outcome;
}

Scratch::Scratch()
{
    char name[] = "/tmp/ringside-cli-XXXXXX";
    REQUIRE(mkdtemp(name));
    m_path = name;
}

Scratch::~Scratch()
{
    std::error_code ignored;
    std::filesystem::remove_all(m_path, ignored);
}

std::string Scratch::write(const std::string& name, const std::string& content) const
{
    std::ofstream(path(name), std::ios::binary) << content;
    return path(name);
}

std::vector<std::string> Scratch::files() const
{
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(m_path))
        names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
}

std::string content_of(const std::string& path)
{
    std::ifstream in(path, std::ios::binary);
    return { std::istreambuf_iterator<char>(in), {} };
}

}
