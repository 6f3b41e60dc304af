#include "tests/visualizer/app/view_process.hpp"

#include "tests/catch.hpp"
#include "tests/support/running.hpp"

#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace ringside::test {

namespace {

[[noreturn]] void become_view(const std::string& display, const std::string& home, std::vector<std::string>& words)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setenv("DISPLAY", display.c_str(), 1);
    setenv("XDG_CONFIG_HOME", home.c_str(), 1);
    setenv("LIBGL_ALWAYS_SOFTWARE", "1", 1);
    unsetenv("WAYLAND_DISPLAY");
    std::vector<char*> arguments;
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    execv(words[0].c_str(), arguments.data());
    _exit(127);
}

}

ViewProcess::ViewProcess(const VirtualDisplay& display, const Scratch& home, std::vector<std::string> arguments)
{
    std::vector<std::string> words { program(), "view" };
    words.insert(words.end(), arguments.begin(), arguments.end());
    auto name = display.name(), config = home.path("config");
    m_process = fork();
    REQUIRE(m_process >= 0);
    if (m_process == 0)
        become_view(name, config, words);
}

ViewProcess::~ViewProcess()
{
    if (m_process < 0)
        return;
    kill(m_process, SIGKILL);
    waitpid(m_process, nullptr, 0);
}

std::vector<pid_t> ViewProcess::workers() const
{
    std::ifstream list(fmt::format("/proc/{0}/task/{0}/children", m_process));
    std::vector<pid_t> found;
    for (pid_t child = 0; list >> child;)
        found.push_back(child);
    return found;
}

int ViewProcess::wait()
{
    for (auto give_up = std::chrono::steady_clock::now() + 10s; std::chrono::steady_clock::now() < give_up;) {
        int status = 0;
        if (waitpid(m_process, &status, WNOHANG) == m_process) {
            m_process = -1;
            return status;
        }
        std::this_thread::sleep_for(10ms);
    }
    return -1;
}

}
