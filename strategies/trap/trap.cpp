#include "strategies/trap/trap.hpp"

#include "strategies/native/native_cpu.hpp"
#include "strategies/native/probe.hpp"

namespace ringside {

namespace {

class Trap final : public NativeCpu {
public:
    using NativeCpu::NativeCpu;
    const StrategyInfo& info() const override { return trap_info(); }
};

}

const StrategyInfo& trap_info()
{
    static constexpr StrategyInfo info {
        .name = "trap",
        .idea = "The kernel runs on the real CPU, without its privilege: what it may not do traps, and is emulated.",
        .guest = GuestKind::Unmodified,
        .kernel_ring = RealRing::Ring3,
        .user_ring = RealRing::Ring3,
        .equivalent = false, // sensitive instructions that do not trap
        .direct = true,
        .host_time_stamp = true,
    };
    return info;
}

Availability probe_trap()
{
    return probe_native();
}

Result<std::unique_ptr<Strategy>> create_trap(Engine& engine)
{
    auto window = Window::reserve();
    if (!window)
        return window.propagate();
    auto trap = std::make_unique<Trap>(engine, std::move(*window));
    if (auto ready = trap->set_up(); !ready)
        return ready.propagate();
    return std::unique_ptr<Strategy>(std::move(trap));
}

}
