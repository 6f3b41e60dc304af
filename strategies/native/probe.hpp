// Can this host execute a guest natively?
#pragma once

#include "core/machine/strategy.hpp"

namespace ringside {

Availability probe_native();

}
