// What the hypercalls of core/paravirt_abi.h are called in traces and messages.
#pragma once

#include <cstdint>
#include <string_view>

namespace ringside {

// "update-pages", "iret", ...; "unknown" for a number that no entry which enters the monitor has.
std::string_view hypercall_name(uint64_t number);

}
