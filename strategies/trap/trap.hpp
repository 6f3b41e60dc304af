// The trap strategy: classic full virtualization. The unmodified guest kernel runs natively, without its privilege;
// privileged instructions fault into the monitor, which emulates them (Popek & Goldberg 1974; DESIGN 5.3). Sensitive
// instructions that do not fault give wrong answers.
#pragma once

#include "core/machine/strategy.hpp"

namespace ringside {

const StrategyInfo& trap_info();
Availability probe_trap();
Result<std::unique_ptr<Strategy>> create_trap(Engine& engine);
std::vector<Discrepancy> trap_discrepancies(Engine& engine, const CpuState& state);

}
