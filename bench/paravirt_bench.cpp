// What the operations of a ported kernel cost under paravirt, against the host's own system call and against the
// unmodified kernel under trap. Everything in turns within one run.
//
//     paravirt-bench [--runs N] [--json FILE]
//
// Exit code 1: a bound is missed.
#include "bench/support/guest.hpp"
#include "bench/support/host_prices.hpp"
#include "bench/support/table.hpp"
#include "core/machine/strategy.hpp"

#include <array>
#include <fmt/format.h>

using namespace ringside;

namespace {

constexpr double nano = 1e9;
constexpr uint32_t host_calls = 1'000'000;

// Guests whose timed stretch is divided by its operations, and the host.
enum class Subject : uint8_t {
    HostCall,
    Version,
    State,
    Time,
    Flag,
    SystemCall,
    TrapSystemCall,
    Port,
    TrapPort,
    Fault,
    TrapFault,
    Switch,
    TrapSwitch,
    Mapping,
    TrapMapping,
    Mappings,
    TrapMappings,
};

struct Guest {
    Subject subject;
    Machines machine;
    const char* name;
    const char* arguments;
    const char* module; // "" for a workload of the kernel
    double operations;
};

// Each takes some tenths of a second, against which starting and the look at its console do not count.
constexpr std::array guests {
    Guest { Subject::Version, Machines::RingsideParavirt, "hypercalls", "kind=version n=4000000", "", 4e6 },
    Guest { Subject::State, Machines::RingsideParavirt, "hypercalls", "kind=state n=150000000", "", 150e6 },
    Guest { Subject::Time, Machines::RingsideParavirt, "hypercalls", "kind=time n=20000000", "", 20e6 },
    Guest { Subject::Flag, Machines::RingsideParavirt, "hypercalls", "kind=flag n=600000000", "", 600e6 },
    Guest { Subject::SystemCall, Machines::RingsideParavirt, "syscalls", "n=2000000", "syscalls", 2e6 },
    Guest { Subject::TrapSystemCall, Machines::RingsideTrap, "syscalls", "n=15000", "syscalls", 15e3 },
    Guest { Subject::Port, Machines::RingsideParavirt, "ports", "n=3000000", "", 3e6 },
    Guest { Subject::TrapPort, Machines::RingsideTrap, "ports", "n=80000", "", 80e3 },
    Guest { Subject::Fault, Machines::RingsideParavirt, "faults", "n=20480", "faults", 20480 },
    Guest { Subject::TrapFault, Machines::RingsideTrap, "faults", "n=10240", "faults", 10240 },
    Guest { Subject::Switch, Machines::RingsideParavirt, "switches", "n=15000", "switches", 15e3 },
    Guest { Subject::TrapSwitch, Machines::RingsideTrap, "switches", "n=8000", "switches", 8e3 },
    Guest { Subject::Mapping, Machines::RingsideParavirt, "ptes", "batch=1 n=30000", "", 30e3 },
    Guest { Subject::TrapMapping, Machines::RingsideTrap, "ptes", "batch=1 n=15000", "", 15e3 },
    Guest { Subject::Mappings, Machines::RingsideParavirt, "ptes", "batch=32 n=256000", "", 256e3 },
    Guest { Subject::TrapMappings, Machines::RingsideTrap, "ptes", "batch=32 n=16000", "", 16e3 },
};

struct Line {
    const char* what;
    Subject subject;
    std::optional<Subject> against = {};
    std::optional<double> bound = {}; // of the ratio; without `against`, in nanoseconds
};

constexpr std::array lines {
    Line { "host: getppid()", Subject::HostCall },
    Line { "paravirt: a hypercall that enters the monitor", Subject::Version, Subject::HostCall, 0.6 },
    Line { "paravirt: one that its page answers: state", Subject::State, {}, 6 },
    Line { "paravirt: one that its page answers: time", Subject::Time },
    Line { "paravirt: CLI and STI", Subject::Flag, {}, 2 },
    Line { "paravirt against trap: system call", Subject::SystemCall, Subject::TrapSystemCall, 0.1 },
    Line { "paravirt: mapping, of 32 at once against one", Subject::Mappings, Subject::Mapping, 0.2 },
    Line { "paravirt against trap: port access", Subject::Port, Subject::TrapPort },
    Line { "paravirt against trap: page fault", Subject::Fault, Subject::TrapFault },
    Line { "paravirt against trap: process switch", Subject::Switch, Subject::TrapSwitch },
    Line { "paravirt against trap: mapping", Subject::Mapping, Subject::TrapMapping },
    Line { "paravirt against trap: mapping, of 32 at once", Subject::Mappings, Subject::TrapMappings },
};

Result<Moment> moment_of(const Guest& guest)
{
    auto timing = run_guest(guest.machine, { guest.name, guest.arguments, guest.module });
    if (!timing)
        return timing.propagate();
    auto used = timing->lines.between("bench: begin", "bench: end");
    if (!used)
        return fail(ExitCode::Internal, fmt::format("{} {} did not say 'bench: end'", guest.name, guest.arguments));
    return *used / guest.operations;
}

// By subject, one for each turn.
using Samples = std::array<std::vector<Moment>, guests.size() + 1>;

Result<void> take_turn(Samples& samples)
{
    samples[static_cast<std::size_t>(Subject::HostCall)].push_back(bare_system_call(host_calls));
    for (const auto& guest : guests) {
        auto used = moment_of(guest);
        if (!used)
            return used.propagate();
        samples[static_cast<std::size_t>(guest.subject)].push_back(*used);
    }
    return {};
}

BenchRow row_of(const Line& line, const Samples& samples)
{
    auto used = median(samples[static_cast<std::size_t>(line.subject)]);
    BenchRow row { .what = line.what, .value = used.wall * nano, .unit = "ns", .against = {}, .ratio = {},
        .cpu_ratio = {}, .floor = {}, .bound = line.bound };
    if (line.against) {
        auto other = median(samples[static_cast<std::size_t>(*line.against)]);
        row.against = other.wall * nano;
        row.ratio = used.wall / other.wall;
        row.cpu_ratio = used.cpu / other.cpu;
    }
    return row;
}

bool are_available()
{
    for (const char* name : { "trap", "paravirt" }) {
        if (auto availability = find_strategy(name)->probe(); !availability.available) {
            fmt::print(stderr, "paravirt-bench: {} is not available here: {}\n", name, availability.detail);
            return false;
        }
    }
    return true;
}

}

int main(int argc, char** argv)
{
    auto options = parse_bench_options({ "paravirt-bench" }, argc, argv);
    if (!options)
        return static_cast<int>(ExitCode::Usage);
    if (!are_available())
        return static_cast<int>(ExitCode::Unavailable);
    Samples samples;
    for (unsigned run = 0; run < options->runs; ++run) {
        fmt::print(stderr, "bench: paravirt, turn {} of {}\n", run + 1, options->runs);
        if (auto done = take_turn(samples); !done) {
            fmt::print(stderr, "paravirt-bench: {}\n", done.error().message);
            return static_cast<int>(done.error().code);
        }
    }
    std::vector<BenchRow> rows;
    for (const auto& line : lines)
        rows.push_back(row_of(line, samples));
    return show_table(*options, rows);
}
