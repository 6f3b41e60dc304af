#include "tests/escape/canaries.hpp"

#include "tests/catch.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace ringside::test {

namespace {

constexpr std::byte untouched { 0x5A };
constexpr const char* song = "still singing";

[[noreturn]] void live()
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        pause();
}

int listen_somewhere(uint16_t& port)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in place {};
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof place;
    REQUIRE(bind(listener, reinterpret_cast<sockaddr*>(&place), size) == 0);
    REQUIRE(listen(listener, 1) == 0);
    REQUIRE(getsockname(listener, reinterpret_cast<sockaddr*>(&place), &size) == 0);
    port = ntohs(place.sin_port);
    return listener;
}

// The value of a line of /proc/PID/status.
std::string status_of(pid_t process, const std::string& name)
{
    std::ifstream file("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(name + ":\t"))
            return line.substr(name.size() + 2);
    }
    return "";
}

void copy(char (&target)[64], const std::string& path)
{
    REQUIRE(path.size() < sizeof target);
    std::strcpy(target, path.c_str());
}

}

Canaries::Canaries()
{
    char name[] = "/tmp/ringside-escape-XXXXXX";
    REQUIRE(mkdtemp(name));
    m_directory = name;
    std::ofstream(m_directory + "/canary") << song;
    m_memory.fill(untouched);
    m_listener = listen_somewhere(m_port);
    m_victim = fork();
    REQUIRE(m_victim >= 0);
    if (m_victim == 0)
        live();
}

Canaries::~Canaries()
{
    kill(m_victim, SIGKILL);
    waitpid(m_victim, nullptr, 0);
    close(m_listener);
    std::error_code ignored;
    std::filesystem::remove_all(m_directory, ignored);
}

void Canaries::describe(orders& orders) const
{
    orders.session = static_cast<uint32_t>(getpid());
    orders.victim = static_cast<uint32_t>(m_victim);
    orders.port = m_port;
    orders.session_memory = reinterpret_cast<uint64_t>(m_memory.data());
    copy(orders.directory, m_directory);
    copy(orders.canary, m_directory + "/canary");
    copy(orders.planted, m_directory + "/planted");
}

std::string Canaries::harm_to_files() const
{
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(m_directory))
        names.push_back(entry.path().filename());
    if (names != std::vector<std::string> { "canary" })
        return "files have come or gone";
    std::ifstream file(m_directory + "/canary");
    std::string content { std::istreambuf_iterator<char>(file), {} };
    return content == song ? "" : "a file has changed";
}

std::string Canaries::harm_to_victim() const
{
    auto state = status_of(m_victim, "State");
    if (state.empty() || state[0] == 'Z')
        return "another process has died";
    if (state[0] == 'T' || state[0] == 't' || status_of(m_victim, "TracerPid") != "0")
        return "another process was stopped";
    return "";
}

std::string Canaries::harm() const
{
    if (auto files = harm_to_files(); !files.empty())
        return files;
    if (auto victim = harm_to_victim(); !victim.empty())
        return victim;
    if (std::ranges::any_of(m_memory, [](std::byte byte) { return byte != untouched; }))
        return "memory of the session has changed";
    pollfd listener { m_listener, POLLIN, 0 };
    return poll(&listener, 1, 0) > 0 ? "somebody has called" : "";
}

}
