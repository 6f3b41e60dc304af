#include "tests/support/processes.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <unistd.h>

namespace ringside::test {

namespace {

struct Status {
    char state = '?';
    pid_t parent = 0;
};

// /proc/PID/stat: "PID (NAME) STATE PARENT ...", where NAME may hold anything.
std::optional<Status> status_of(const std::string& process)
{
    std::ifstream in("/proc/" + process + "/stat");
    std::string line;
    if (!std::getline(in, line))
        return std::nullopt;
    auto after_name = line.rfind(") ");
    Status status;
    status.state = line.at(after_name + 2);
    status.parent = static_cast<pid_t>(std::stol(line.substr(after_name + 4)));
    return status;
}

}

std::vector<std::string> open_descriptors()
{
    std::vector<std::string> targets;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code closed; // the iterator's own
        auto target = std::filesystem::read_symlink(entry.path(), closed);
        if (!closed)
            targets.push_back(target);
    }
    std::ranges::sort(targets);
    return targets;
}

std::vector<pid_t> children()
{
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        auto name = entry.path().filename().string();
        if (!std::ranges::all_of(name, [](unsigned char c) { return std::isdigit(c); }))
            continue;
        if (auto status = status_of(name); status && status->parent == getpid())
            found.push_back(static_cast<pid_t>(std::stol(name)));
    }
    return found;
}

bool is_running(pid_t process)
{
    auto status = status_of(std::to_string(process));
    return status && status->state != 'Z' && status->state != 'X';
}

}
