// Whole guests: bantam's system call against the host's own, and its privileged operations against the same under trap.
#include "bench/rewriting_bench/groups.hpp"
#include "bench/support/guest.hpp"
#include "bench/support/host_prices.hpp"

#include <fmt/format.h>

namespace ringside::bench {

namespace {

constexpr double nano = 1e9, milli = 1e3;
constexpr uint32_t host_calls = 1'000'000;
constexpr double guest_calls = 2e6;

const Workload system_calls { "syscalls", "n=2000000", "syscalls" };
// Under trap it finds that PUSHF shows the host's flags, and ends by saying so; its operations are carried out all the
// same.
const Workload privileged { .name = "privops", .arguments = "n=20000", .may_fail = true };

Result<Moment> timed(Machines machine, const Workload& workload)
{
    auto timing = run_guest(machine, workload);
    if (!timing)
        return timing.propagate();
    auto used = timing->lines.between("bench: begin", "bench: end");
    if (!used)
        return fail(ExitCode::Internal, fmt::format("{} did not say 'bench: end'", workload.name));
    return *used;
}

BenchRow compared(const char* what, Moment used, Moment against, double scale, const char* unit, double bound)
{
    return { .what = what, .value = used.wall * scale, .unit = unit, .against = against.wall * scale,
        .ratio = used.wall / against.wall, .cpu_ratio = used.cpu / against.cpu, .floor = {}, .bound = bound };
}

}

Rows measure_guests(const BenchOptions& options)
{
    std::vector<Moment> host_call, guest_call, rewritten, trapped;
    for (unsigned run = 0; run < options.runs; ++run) {
        fmt::print(stderr, "bench: guests under rewriting, turn {} of {}\n", run + 1, options.runs);
        host_call.push_back(bare_system_call(host_calls));
        auto calls = timed(Machines::RingsideRewriting, system_calls);
        auto under_rewriting = timed(Machines::RingsideRewriting, privileged);
        auto under_trap = timed(Machines::RingsideTrap, privileged);
        for (const auto* one : { &calls, &under_rewriting, &under_trap }) {
            if (!*one)
                return one->propagate();
        }
        guest_call.push_back(*calls / guest_calls);
        rewritten.push_back(*under_rewriting);
        trapped.push_back(*under_trap);
    }
    return std::vector<BenchRow> {
        compared("rewriting: system call, of the host's getppid", median(guest_call), median(host_call), nano, "ns", 1),
        compared("rewriting against trap: privops", median(rewritten), median(trapped), milli, "ms", 1.0 / 50),
    };
}

}
