#include "strategies/hardware/emulated_cpu.hpp"

#include <cpuid.h>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ringside {

// The leaf in which monitors name themselves; so does TCG.
bool cpu_is_emulated_by_qemu()
{
    constexpr uint32_t leaf = 0x40000000;
    unsigned eax = 0, words[3] {};
    char signature[sizeof(words)];
    __cpuid(leaf, eax, words[0], words[1], words[2]);
    std::memcpy(signature, words, sizeof(signature));
    return std::string_view { signature, sizeof(signature) } == "TCGTCGTCGTCG";
}

}
