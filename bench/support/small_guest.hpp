// A few instructions in a machine of their own, run by a strategy in this process: for what takes nanoseconds.
#pragma once

#include "core/devices/platform.hpp"
#include "core/machine/engine.hpp"
#include "core/machine/strategy.hpp"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace ringside {

// A loop of `body`, which leaves ECX alone, and HLT.
std::vector<uint8_t> counted_loop(std::vector<uint8_t> body);

class SmallGuest {
public:
    // `code` is entered at 1 MiB in ring 0 with flat segments and without paging, ECX = `count`, interrupts off; it ends
    // with HLT. A data page for it lies at 2 MiB.
    static Result<std::unique_ptr<SmallGuest>> create(const StrategyEntry& strategy, std::span<const uint8_t> code);

    // Seconds from the first instruction to HLT; nothing if the guest did not get there.
    std::optional<double> run(uint32_t count);

private:
    SmallGuest(GuestMemory memory, TraceMemory trace);

    GuestMemory m_memory;
    TraceMemory m_trace;
    Recorder m_recorder;
    HostClock m_clock;
    TimerQueue m_timers;
    std::unique_ptr<Platform> m_platform;
    std::unique_ptr<Engine> m_engine;
    std::unique_ptr<Strategy> m_strategy;
};

}
