// The strategy `rewriting`: the guest's code is translated, block by block, and the translation runs natively
// (DESIGN 5.4; Adams & Agesen 2006).
#pragma once

#include "core/machine/strategy.hpp"

namespace ringside {

const StrategyInfo& rewriting_info();
Availability probe_rewriting();
Result<std::unique_ptr<Strategy>> create_rewriting(Engine& engine);

}
