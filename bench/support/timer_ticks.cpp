#include "bench/support/timer_ticks.hpp"

#include <fmt/format.h>

namespace ringside {

namespace {

constexpr unsigned many_ticks_per_second = 2000;

struct Run {
    double seconds = 0, signals = 0, ticks = 0;
};

Result<Run> run_at(Machines machine, unsigned hertz)
{
    Workload workload { "alu", "n=300000000", "alu", hertz };
    auto timing = run_guest(machine, workload);
    if (!timing)
        return timing.propagate();
    auto timed = timing->lines.between("bench: begin", "bench: end");
    if (!timed)
        return fail(ExitCode::Internal, "alu did not say that it was timed");
    bool counted = timing->interrupts > 0;
    return Run { timed->cpu, timing->signals, counted ? static_cast<double>(timing->interrupts) : hertz * timed->wall };
}

}

Result<std::map<Machines, TickPrice>> measure_timer_ticks(std::span<const Machines> machines, unsigned runs)
{
    fmt::print(stderr, "bench: timer ticks\n");
    std::map<Machines, std::vector<double>> whole, signals;
    for (unsigned run = 0; run < runs; ++run) {
        for (Machines machine : machines) {
            auto few = run_at(machine, ticks_per_second);
            auto many = run_at(machine, many_ticks_per_second);
            if (!few || !many)
                return (few ? many : few).propagate();
            double ticks = many->ticks - few->ticks;
            whole[machine].push_back((many->seconds - few->seconds) / ticks);
            signals[machine].push_back((many->signals - few->signals) / ticks);
        }
    }
    std::map<Machines, TickPrice> prices;
    for (Machines machine : machines)
        prices[machine] = { median(whole[machine]), median(signals[machine]) };
    return prices;
}

}
