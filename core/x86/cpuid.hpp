// What CPUID answers, under every strategy alike (SDM 2A "CPUID"): the virtual processor's own table, so that a guest
// sees the same machine wherever it is moved. Only what every strategy can honor is offered.
#pragma once

#include <cstdint>

namespace ringside {

struct CpuidResult {
    uint32_t eax = 0;
    uint32_t ebx = 0;
    uint32_t ecx = 0;
    uint32_t edx = 0;
    bool operator==(const CpuidResult&) const = default;
};

// Leaves that do not exist answer zeros: a guest that forgets to ask for the highest leaf finds no features there.
// No leaf has subleaves; the argument is the instruction's ECX.
CpuidResult cpuid(uint32_t leaf, uint32_t subleaf);

// MAXPHYADDR of a processor with PAE that has no CPUID leaf 80000008h (SDM 3A §4.1.4): bits above are reserved in PAE
// entries.
inline constexpr unsigned physical_address_bits = 36;

}
