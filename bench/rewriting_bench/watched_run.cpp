#include "bench/rewriting_bench/watched_run.hpp"

#include <fmt/format.h>

namespace ringside::bench {

Result<std::unique_ptr<WatchedRun>> WatchedRun::create(const char* strategy, ClockKind clock, const Workload& workload)
{
    constexpr uint32_t capacity = 1 << 14;
    auto source = clock == ClockKind::Virtual ? TickSource::Manual : TickSource::TimeStampCounter;
    auto trace = TraceMemory::create(capacity, source, Overflow::Drop);
    if (!trace)
        return trace.propagate();
    std::unique_ptr<WatchedRun> made(new WatchedRun(std::move(*trace)));
    auto folder = build_folder() + "/guests/";
    MachineConfiguration configuration;
    configuration.strategy = find_strategy(strategy);
    configuration.clock = clock;
    configuration.boot.kernel_path = folder + "bantam.elf";
    configuration.boot.command_line = fmt::format("run={} bench=1 {}", workload.name, workload.arguments);
    if (!workload.module.empty())
        configuration.boot.modules.push_back({ folder + workload.module + ".elf", "" });
    configuration.console_output = [run = made.get()](std::string_view text) { run->take(text); };
    auto machine = Machine::create(std::move(configuration), made->block());
    if (!machine)
        return machine.propagate();
    made->m_machine = std::move(*machine);
    return made;
}

void WatchedRun::take(std::string_view text)
{
    for (char c : text) {
        if (c != '\n') {
            m_line += c;
            continue;
        }
        if (m_on_line)
            m_on_line(m_line);
        m_line.clear();
    }
}

Result<void> WatchedRun::run(std::function<void(std::string_view)> on_line)
{
    m_on_line = std::move(on_line);
    auto result = m_machine->run();
    if (result.outcome != Outcome::Success)
        return fail(ExitCode::Internal, fmt::format("bantam ended badly: {}", result.reason));
    return {};
}

std::vector<EventRecord> WatchedRun::events()
{
    std::vector<EventRecord> events;
    drain(m_trace, events);
    return events;
}

}
