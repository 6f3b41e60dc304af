// The strategy `hardware`: VT-x or AMD-V through KVM (DESIGN section 5.6).
#pragma once

#include "core/machine/strategy.hpp"

namespace ringside {

const StrategyInfo& hardware_info();
Availability probe_hardware();
Result<std::unique_ptr<Strategy>> create_hardware(Engine& engine);

}
