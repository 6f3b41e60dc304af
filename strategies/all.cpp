// The strategies. Adding one touches its folder and this list.
#include "core/machine/strategy.hpp"
#include "strategies/emulation/emulation.hpp"
#include "strategies/hardware/hardware.hpp"
#include "strategies/paravirt/paravirt.hpp"
#include "strategies/rewriting/rewriting.hpp"
#include "strategies/trap/trap.hpp"

#include <array>

namespace ringside {

std::span<const StrategyEntry> all_strategies()
{
    static constexpr std::array entries {
        StrategyEntry { emulation_info, probe_emulation, create_emulation },
        StrategyEntry { trap_info, probe_trap, create_trap, trap_discrepancies },
        StrategyEntry { rewriting_info, probe_rewriting, create_rewriting },
        StrategyEntry { paravirt_info, probe_paravirt, create_paravirt },
        StrategyEntry { hardware_info, probe_hardware, create_hardware },
    };
    return entries;
}

const StrategyEntry* find_strategy(std::string_view name)
{
    for (const auto& entry : all_strategies()) {
        if (entry.info().name == name)
            return &entry;
    }
    return nullptr;
}

}
