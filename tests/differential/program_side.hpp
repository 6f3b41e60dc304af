// A machine of its own that runs one program after the other.
#pragma once

#include "core/devices/platform.hpp"
#include "core/machine/engine.hpp"
#include "core/machine/strategy.hpp"
#include "tests/differential/program.hpp"

#include <functional>
#include <memory>
#include <string>

namespace ringside::test {

struct ProgramOutcome {
    Exit::Reason reason = Exit::Reason::Failed; // Kicked: it did not end
    std::string detail;
    CpuState state;
    std::vector<LoggedEvent> events;
};

class ProgramSide {
public:
    using Create = std::function<Result<std::unique_ptr<Strategy>>(Engine&)>;
    explicit ProgramSide(const Create& create);

    ProgramOutcome run(const Program& program);
    GuestMemory& memory() { return m_memory; }
    Strategy& strategy() { return *m_strategy; }

private:
    void restore();

    GuestMemory m_memory;
    TraceMemory m_trace;
    Recorder m_recorder;
    HostClock m_clock;
    TimerQueue m_timers;
    std::unique_ptr<Platform> m_platform;
    std::unique_ptr<Engine> m_engine;
    std::unique_ptr<Strategy> m_strategy;
    std::vector<std::byte> m_fresh;
};

}
