#include "bench/support/resident.hpp"

#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <string>

namespace ringside {

namespace {

bool is_counted(const std::string& path, bool with_shared_blocks)
{
    if (path.find("memfd:") == std::string::npos)
        return true;
    bool is_guest = path.find("guest") != std::string::npos;
    return !is_guest && with_shared_blocks;
}

}

double resident_mebibytes(pid_t process, bool with_shared_blocks)
{
    std::ifstream file(fmt::format("/proc/{}/smaps", process));
    double kibibytes = 0;
    bool counted = false;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string first;
        words >> first;
        if (first.back() != ':') {
            std::string permissions, offset, device, inode, path;
            words >> permissions >> offset >> device >> inode;
            std::getline(words, path);
            counted = is_counted(path, with_shared_blocks);
        } else if (first == "Rss:" && counted) {
            double value = 0;
            words >> value;
            kibibytes += value;
        }
    }
    return kibibytes / 1024;
}

}
