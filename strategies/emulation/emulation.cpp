#include "strategies/emulation/emulation.hpp"

#include "strategies/emulation/emulator.hpp"
#include "strategies/emulation/unicorn_proof.hpp"

#include <fmt/format.h>

namespace ringside {

const StrategyInfo& emulation_info()
{
    static constexpr StrategyInfo info {
        .name = "emulation",
        .idea = "The guest never executes: every instruction is translated, and the CPU is a data structure.",
        .guest = GuestKind::Unmodified,
        .kernel_ring = RealRing::Interpreted,
        .user_ring = RealRing::Interpreted,
        .virtual_clock = true,
    };
    return info;
}

Availability probe_emulation()
{
    auto layout = find_unicorn_layout();
    if (!layout)
        return { false, layout.error().message, layout.error().hint };
    if (auto proven = prove_unicorn_layout(*layout); !proven)
        return { false, proven.error().message, proven.error().hint };
    return { true, fmt::format("Unicorn {}", unicorn_version()), "" };
}

Result<std::unique_ptr<Strategy>> create_emulation(Engine& engine)
{
    auto layout = find_unicorn_layout();
    if (!layout)
        return layout.propagate();
    auto unicorn = UnicornEngine::create();
    if (!unicorn)
        return unicorn.propagate();
    auto emulator = std::make_unique<Emulator>(engine, std::move(*unicorn), *layout);
    if (auto ready = emulator->set_up(); !ready)
        return ready.propagate();
    return std::unique_ptr<Strategy>(std::move(emulator));
}

}
