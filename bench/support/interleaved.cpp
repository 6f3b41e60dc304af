#include "bench/support/interleaved.hpp"

#include <fmt/format.h>

namespace ringside {

Result<Interleaved> Interleaved::measure(
    const Workload& workload, std::span<const Stretch> stretches, std::span<const Machines> machines, unsigned runs)
{
    fmt::print(stderr, "bench: {} {}\n", workload.name, workload.arguments);
    Interleaved result;
    for (unsigned run = 0; run < runs; ++run) {
        for (std::size_t place = 0; place < machines.size(); ++place) {
            Machines machine = machines[run % 2 == 0 ? place : machines.size() - 1 - place];
            auto timing = run_guest(machine, workload);
            if (!timing)
                return timing.propagate();
            auto& samples = result.m_samples[machine];
            samples.resize(stretches.size());
            for (std::size_t i = 0; i < stretches.size(); ++i) {
                auto sample = timing->lines.between(stretches[i].from, stretches[i].to);
                if (!sample)
                    return fail(ExitCode::Internal, fmt::format("{} did not say '{}' on machine {}", workload.name,
                        stretches[i].to, static_cast<int>(machine)));
                samples[i].push_back(*sample);
            }
        }
    }
    return result;
}

double Interleaved::wall(Machines machine, std::size_t stretch) const
{
    return median(m_samples.at(machine)[stretch]).wall;
}

double Interleaved::cpu(Machines machine, std::size_t stretch) const
{
    return median(m_samples.at(machine)[stretch]).cpu;
}

}
