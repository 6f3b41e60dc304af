#include "strategies/hardware/hardware.hpp"

#include "strategies/hardware/findings.hpp"
#include "strategies/hardware/hardware_cpu.hpp"

namespace ringside {

const StrategyInfo& hardware_info()
{
    static constexpr StrategyInfo info {
        .name = "hardware",
        .idea = "The CPU itself keeps a second set of rings for guests, and calls the monitor when it is needed.",
        .guest = GuestKind::Unmodified,
        .kernel_ring = RealRing::NonRoot,
        .user_ring = RealRing::NonRoot,
        .direct = true,
        .sees_rings = false,
        .host_time_stamp = true,
    };
    return info;
}

// What there is does not change while a program runs, and finding it out takes a virtual machine.
Availability probe_hardware()
{
    static const Availability availability = describe(find_hardware());
    return availability;
}

Result<std::unique_ptr<Strategy>> create_hardware(Engine& engine)
{
    auto opened = KvmSystem::open();
    if (!opened.system)
        return fail(ExitCode::Unavailable, opened.reason);
    auto machine = opened.system->create_machine();
    if (!machine)
        return machine.propagate();
    auto cpu = machine->create_cpu(*opened.system);
    if (!cpu)
        return cpu.propagate();
    auto hardware = std::make_unique<HardwareCpu>(engine, std::move(*machine), std::move(*cpu));
    if (auto ready = hardware->set_up(*opened.system); !ready)
        return ready.propagate();
    return std::unique_ptr<Strategy>(std::move(hardware));
}

}
