#include "strategies/paravirt/paravirt.hpp"

#include "strategies/native/probe.hpp"
#include "strategies/paravirt/paravirt_cpu.hpp"

namespace ringside {

const StrategyInfo& paravirt_info()
{
    static constexpr StrategyInfo info {
        .name = "paravirt",
        .idea = "The kernel is ported: where it would trap, it calls the monitor, or writes to memory that both share.",
        .guest = GuestKind::Paravirtual,
        .kernel_ring = RealRing::Ring3,
        .user_ring = RealRing::Ring3,
        .equivalent = false, // the guest knows
        .direct = true,
    };
    return info;
}

Availability probe_paravirt()
{
    return probe_native();
}

Result<std::unique_ptr<Strategy>> create_paravirt(Engine& engine)
{
    auto window = Window::reserve();
    if (!window)
        return window.propagate();
    auto cpu = std::make_unique<paravirt::ParavirtCpu>(engine, std::move(*window));
    if (auto ready = cpu->set_up(); !ready)
        return ready.propagate();
    return std::unique_ptr<Strategy>(std::move(cpu));
}

}
