// The eight compute kernels under rewriting and under QEMU's TCG.
#include "bench/rewriting_bench/groups.hpp"
#include "bench/support/interleaved.hpp"

#include <array>
#include <cstdlib>
#include <fmt/format.h>
#include <sstream>
#include <unistd.h>

namespace ringside::bench {

namespace {

constexpr double milli = 1e3, most_of_qemu = 0.2;

// About a second under TCG, and under rewriting some ten milliseconds or more.
const std::array<Workload, 8> kernels { {
    { "alu", "n=300000000", "alu" },
    { "calls", "n=38", "calls" },
    { "sieve", "rounds=150", "sieve" },
    { "indirect", "n=50000000", "indirect" },
    { "sort", "n=1500000", "sort" },
    { "crc32", "size=500000 rounds=200", "crc32" },
    { "matmul", "rounds=12", "matmul" },
    { "copy", "rounds=5000", "copy" },
} };

bool is_in_path(const char* program)
{
    const char* path = std::getenv("PATH");
    std::istringstream folders(path ? path : "");
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (access(fmt::format("{}/{}", folder, program).c_str(), X_OK) == 0)
            return true;
    }
    return false;
}

}

Rows measure_against_qemu(const BenchOptions& options)
{
    using enum Machines;
    std::vector<BenchRow> rows;
    if (!is_in_path("qemu-system-i386")) {
        fmt::print(stderr, "rewriting-bench: qemu-system-i386 is not installed: nothing is compared with it\n");
        return rows;
    }
    std::vector<double> wall, cpu;
    for (const auto& kernel : kernels) {
        auto measured = Interleaved::measure(
            kernel, std::array { Stretch {} }, std::array { RingsideRewriting, Qemu }, options.runs);
        if (!measured)
            return measured.propagate();
        wall.push_back(measured->ratio(RingsideRewriting, Qemu));
        cpu.push_back(measured->cpu_ratio(RingsideRewriting, Qemu));
        rows.push_back({ .what = fmt::format("rewriting against QEMU: {}", kernel.name),
            .value = measured->wall(RingsideRewriting) * milli, .unit = "ms", .against = measured->wall(Qemu) * milli,
            .ratio = wall.back(), .cpu_ratio = cpu.back(), .floor = {}, .bound = {} });
    }
    rows.push_back({ .what = "rewriting against QEMU: geometric mean", .value = {}, .unit = {}, .against = {},
        .ratio = geometric_mean(wall), .cpu_ratio = geometric_mean(cpu), .floor = {}, .bound = most_of_qemu });
    return rows;
}

}
