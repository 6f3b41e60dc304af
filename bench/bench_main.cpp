// The figures that Ringside promises (docs/PROMISES.md), measured in one run as ratios of medians.
//
//     bench-main [kernels] [operations] [start] [--runs N] [--json FILE]
//
// Exit code 1: a bound is missed.
#include "bench/support/interleaved.hpp"
#include "bench/support/kernels.hpp"
#include "bench/support/resident.hpp"
#include "bench/support/table.hpp"
#include "core/session/worker.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace ringside;

namespace {

constexpr double milli = 1e3, nano = 1e9;

using Rows = std::vector<BenchRow>;

// One comparison over all kernels: a row each, and their geometric mean.
struct Comparison {
    const char* title;
    Machines machine;
    Machines against;
    std::optional<Machines> floor = {};
    std::optional<double> bound_mean = {};
};

void add_comparison(Rows& rows, const Comparison& comparison, const std::vector<Interleaved>& measured)
{
    std::vector<double> ratios, cpu_ratios, floors;
    for (std::size_t i = 0; i < compute_kernels.size(); ++i) {
        const auto& m = measured[i];
        ratios.push_back(m.ratio(comparison.machine, comparison.against));
        cpu_ratios.push_back(m.cpu_ratio(comparison.machine, comparison.against));
        BenchRow row { .what = fmt::format("{}: {}", comparison.title, compute_kernels[i].name),
            .value = m.wall(comparison.machine) * milli, .unit = "ms",
            .against = m.wall(comparison.against) * milli, .ratio = ratios.back(), .cpu_ratio = cpu_ratios.back(),
            .floor = {}, .bound = {} };
        if (comparison.floor) {
            floors.push_back(m.ratio(*comparison.floor, comparison.against));
            row.floor = floors.back();
        }
        rows.push_back(row);
    }
    rows.push_back({ .what = fmt::format("{}: geometric mean", comparison.title), .value = 0, .unit = "", .against = {},
        .ratio = geometric_mean(ratios), .cpu_ratio = geometric_mean(cpu_ratios),
        .floor = floors.empty() ? std::nullopt : std::optional { geometric_mean(floors) },
        .bound = comparison.bound_mean });
}

Result<void> measure_kernels(const BenchOptions& options, Rows& rows)
{
    using enum Machines;
    static constexpr std::array machines { Ringside, Qemu, Bare };
    std::vector<Interleaved> measured;
    for (const auto& kernel : compute_kernels) {
        auto result = Interleaved::measure(kernel, std::array { Stretch {} }, machines, options.runs);
        if (!result)
            return result.propagate();
        measured.push_back(std::move(*result));
    }
    add_comparison(rows, { .title = "against QEMU", .machine = Ringside, .against = Qemu, .floor = Bare, .bound_mean = 1.05 }, measured);
    add_comparison(rows, { .title = "against bare Unicorn", .machine = Ringside, .against = Bare, .bound_mean = 1.03 }, measured);
    return {};
}

struct Operation {
    Workload workload;
    std::vector<Stretch> stretches;
    std::optional<double> bound = {};     // against QEMU
    std::optional<Machines> floor = {};
};

std::vector<Operation> operations()
{
    constexpr double n = 200000, few = 50000, rounds = 300000;
    auto privileged = [](const char* label, const char* from, const char* to, double per_round) {
        return Stretch { label, from, fmt::format("privops: {}", to), rounds * per_round };
    };
    return {
        { { "ports", "n=3000000" }, { { .label = "port access (UART)", .operations = 3e6 } }, 0.6, Machines::Bare },
        { { "syscalls", "n=200000", "syscalls" }, { { .label = "system call, there and back", .operations = n } }, {}, Machines::Bare },
        { { "faults", "n=100000", "faults" }, { { .label = "page fault served by the guest", .operations = 1e5 } } },
        { { "switches", "n=50000", "switches" }, { { .label = "process switch", .operations = few } } },
        { { "ptes", "n=500000" }, { { .label = "mapping change with INVLPG", .operations = 5e5 } } },
        { { "mmio", "n=1000000" }, { { .label = "local APIC access", .operations = 1e6 } } },
        { { "privops", "n=300000" },
            { privileged("STI, PUSHF, CLI, PUSHF", "bench: begin", "cli, sti", 1),
                privileged("MOV to and from CR0", "privops: cli, sti", "mov cr0", 2),
                privileged("MOV to and from CR3", "privops: mov cr0", "mov cr3", 1),
                privileged("LGDT and SGDT", "privops: mov cr3", "lgdt", 1),
                privileged("CPUID", "privops: pushf, popf", "cpuid", 1),
                privileged("RDTSC", "privops: cpuid", "rdtsc", 1) } },
    };
}

Result<void> measure_operation(const Operation& operation, unsigned runs, Rows& rows)
{
    using enum Machines;
    std::vector<Machines> machines { Ringside, Qemu };
    if (operation.floor)
        machines.push_back(*operation.floor);
    auto measured = Interleaved::measure(operation.workload, operation.stretches, machines, runs);
    if (!measured)
        return measured.propagate();
    for (std::size_t i = 0; i < operation.stretches.size(); ++i) {
        const auto& stretch = operation.stretches[i];
        double scale = nano / stretch.operations;
        BenchRow row { .what = stretch.label, .value = measured->wall(Ringside, i) * scale, .unit = "ns",
            .against = measured->wall(Qemu, i) * scale, .ratio = measured->ratio(Ringside, Qemu, i),
            .cpu_ratio = measured->cpu_ratio(Ringside, Qemu, i), .floor = {}, .bound = operation.bound };
        if (operation.floor)
            row.floor = measured->ratio(*operation.floor, Qemu, i);
        rows.push_back(row);
    }
    return {};
}

Result<void> measure_operations(const BenchOptions& options, Rows& rows)
{
    for (const auto& operation : operations()) {
        if (auto done = measure_operation(operation, options.runs, rows); !done)
            return done;
    }
    return {};
}

pid_t start_ringside(std::vector<const char*> arguments, int output)
{
    auto program = build_folder() + "/ringside";
    arguments.insert(arguments.begin(), program.c_str());
    arguments.push_back(nullptr);
    pid_t child = fork();
    if (child != 0)
        return child;
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    execv(program.c_str(), const_cast<char**>(arguments.data()));
    _exit(127);
}

// From before fork() until the first character of the guest is read from the pipe: more than until its first instruction.
double seconds_to_first_character()
{
    std::array<int, 2> ends {};
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
        return 0;
    double start = now_of_process(getpid()).wall;
    pid_t child = start_ringside({ "run", "hello", "--quiet" }, ends[1]);
    close(ends[1]);
    char character = 0;
    bool any = read(ends[0], &character, 1) == 1;
    double end = now_of_process(getpid()).wall;
    std::array<char, 4096> rest;
    while (read(ends[0], rest.data(), rest.size()) > 0) { }
    close(ends[0]);
    waitpid(child, nullptr, 0);
    return any ? end - start : 0;
}

pid_t only_child_of(pid_t parent)
{
    std::ifstream children(fmt::format("/proc/{}/task/{}/children", parent, parent));
    pid_t child = 0;
    children >> child;
    return child;
}

// Of the session and its worker together, while the guest computes.
double resident_above_guest()
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    pid_t session = start_ringside({ "run", "sieve", "--append", "rounds=1000", "--quiet" }, null);
    close(null);
    std::this_thread::sleep_for(std::chrono::milliseconds { 500 });
    double mebibytes = resident_mebibytes(session, false) + resident_mebibytes(only_child_of(session), true);
    kill(session, SIGTERM);
    waitpid(session, nullptr, 0);
    return mebibytes;
}

Result<void> measure_start(const BenchOptions& options, Rows& rows)
{
    fmt::print(stderr, "bench: start and memory\n");
    std::vector<double> first_character, first_instruction, resident;
    for (unsigned run = 0; run < options.runs; ++run) {
        first_character.push_back(seconds_to_first_character() * milli);
        auto timing = run_guest(Machines::Ringside, { "hello", "", "hello" });
        if (!timing)
            return timing.propagate();
        first_instruction.push_back(timing->until_first_instruction * milli);
    }
    for (int i = 0; i < 3; ++i)
        resident.push_back(resident_above_guest());
    auto plain = [&](const char* what, double value, const char* unit, std::optional<double> bound) {
        rows.push_back({ .what = what, .value = value, .unit = unit, .against = {}, .ratio = {}, .cpu_ratio = {}, .floor = {}, .bound = bound });
    };
    plain("run hello: process start to first character", median(first_character), "ms", 50);
    plain("session start to first guest instruction", median(first_instruction), "ms", {});
    plain("resident above the guest's memory", median(resident), "MiB", 40);
    return {};
}

Result<void> measure(const BenchOptions& options, Rows& rows)
{
    using Group = std::pair<const char*, Result<void> (*)(const BenchOptions&, Rows&)>;
    for (auto [name, group] : { Group { "start", measure_start }, Group { "operations", measure_operations }, Group { "kernels", measure_kernels } }) {
        if (!options.wants(name))
            continue;
        if (auto done = group(options, rows); !done)
            return done;
    }
    return {};
}

}

int main(int argc, char** argv)
{
    auto options = parse_bench_options({ "bench-main", { "kernels", "operations", "start" } }, argc, argv);
    if (!options)
        return static_cast<int>(ExitCode::Usage);
    Rows rows;
    auto done = measure(*options, rows);
    int status = show_table(*options, rows);
    if (!done) {
        fmt::print(stderr, "bench: {}\n", done.error().message);
        return static_cast<int>(done.error().code);
    }
    return status;
}
