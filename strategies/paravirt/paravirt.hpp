// The paravirt strategy: a kernel that knows of its monitor runs natively without its privilege, calls the monitor
// instead of trapping into it, and keeps in memory what a bare machine keeps in registers (DESIGN 5.5; Barham et al. 2003).
#pragma once

#include "core/machine/strategy.hpp"

namespace ringside {

const StrategyInfo& paravirt_info();
Availability probe_paravirt();
Result<std::unique_ptr<Strategy>> create_paravirt(Engine& engine);

}
