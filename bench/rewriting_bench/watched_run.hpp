// A run of bantam in this process, with its machine in reach while it runs.
#pragma once

#include "bench/support/guest.hpp"
#include "core/machine/machine.hpp"
#include "core/machine/strategy.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::bench {

class WatchedRun {
public:
    static Result<std::unique_ptr<WatchedRun>> create(const char* strategy, ClockKind clock, const Workload& workload);

    // To the guest's successful end. `on_line`, which may be empty, gets each line of its console, between two
    // instructions.
    Result<void> run(std::function<void(std::string_view line)> on_line);
    // Of the run, once it has ended: those that there was room for, the first ones.
    std::vector<EventRecord> events();

    Machine& machine() { return *m_machine; }
    TraceBlock& block() { return m_trace.block(); }

private:
    explicit WatchedRun(TraceMemory trace) : m_trace(std::move(trace)) { }
    void take(std::string_view text);

    TraceMemory m_trace;
    std::unique_ptr<Machine> m_machine;
    std::function<void(std::string_view)> m_on_line;
    std::string m_line;
};

}
