#include "tests/escape/worker_map.hpp"

#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <span>
#include <string>

namespace ringside::test {

namespace {

void add(std::span<region> regions, const std::string& line)
{
    uint64_t begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64, &begin, &end) != 2)
        return;
    for (auto& region : regions) {
        if (region.bytes == 0) {
            region = { begin, end - begin };
            return;
        }
    }
}

}

void describe_worker(pid_t worker, orders& orders)
{
    std::ifstream maps("/proc/" + std::to_string(worker) + "/maps");
    for (std::string line; std::getline(maps, line);) {
        bool is_shared = line.find("memfd:ringside-trace") != std::string::npos
            || line.find("memfd:ringside-console") != std::string::npos
            || line.find("memfd:ringside-account") != std::string::npos;
        bool is_program = line.find("[heap]") != std::string::npos || line.find("[stack]") != std::string::npos
            || line.ends_with("/ringside");
        if (is_shared)
            add(orders.shared, line);
        else if (is_program)
            add(orders.program, line);
    }
}

}
