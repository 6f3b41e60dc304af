#include "strategies/rewriting/rewriting.hpp"

#include "strategies/native/probe.hpp"
#include "strategies/rewriting/rewriting_cpu.hpp"

namespace ringside {

const StrategyInfo& rewriting_info()
{
    static constexpr StrategyInfo info {
        .name = "rewriting",
        .idea = "The kernel's code is rewritten as it runs: what it may not do is replaced, the rest runs as it is.",
        .guest = GuestKind::Unmodified,
        .kernel_ring = RealRing::Ring3,
        .user_ring = RealRing::Ring3,
        .sees_blocks = true,
        .chooses_user_code = true,
        .host_time_stamp = true,
    };
    return info;
}

Availability probe_rewriting()
{
    return probe_native();
}

Result<std::unique_ptr<Strategy>> create_rewriting(Engine& engine)
{
    auto window = Window::reserve();
    if (!window)
        return window.propagate();
    auto cpu = std::make_unique<rewriting::RewritingCpu>(engine, std::move(*window));
    if (auto ready = cpu->set_up(); !ready)
        return ready.propagate();
    return std::unique_ptr<Strategy>(std::move(cpu));
}

}
