#include "strategies/hardware/exit_cost.hpp"

#include "strategies/hardware/probe_guest.hpp"

#include <algorithm>
#include <vector>
#include <x86intrin.h>

namespace ringside {

uint64_t measure_exit_cost(const KvmSystem& system)
{
    constexpr uint8_t code[] { 0xE6, 0x80, 0xEB, 0xFC }; // out 0x80, al; jmp -4
    constexpr std::size_t exits = 200;
    auto guest = ProbeGuest::create(system, code);
    if (!guest)
        return 0;
    std::vector<uint64_t> costs;
    uint64_t begin = __rdtsc();
    for (std::size_t i = 0; i < exits; ++i) {
        if (guest->cpu().run() != 0 || guest->cpu().block().exit_reason != KVM_EXIT_IO)
            return 0;
        uint64_t end = __rdtsc();
        costs.push_back(end - begin);
        begin = end;
    }
    auto middle = costs.begin() + static_cast<std::ptrdiff_t>(costs.size() / 2);
    std::nth_element(costs.begin(), middle, costs.end());
    return *middle;
}

}
