// The emulation strategy: Unicorn (QEMU's TCG) translates every instruction of the guest; the guest itself never
// executes. What Unicorn does not do, or does not do right, is done here, and each place says what it works around
// (DESIGN section 5.1).
#pragma once

#include "core/machine/strategy.hpp"

namespace ringside {

const StrategyInfo& emulation_info();
Availability probe_emulation();
Result<std::unique_ptr<Strategy>> create_emulation(Engine& engine);

}
