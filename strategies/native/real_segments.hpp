// The six segment registers as the host CPU has them, while CpuState holds what the guest believes.
//
// The guest may load a selector without a trap: one of the slots that it saw in a register, or one of the host's own
// global table. At the next exit the registers are compared with what was put into them (adopt()).
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "strategies/native/ldt.hpp"

#include <array>
#include <cstdint>

namespace ringside {

class RealSegments {
public:
    // In the order of enum SegmentRegister.
    using Selectors = std::array<uint16_t, 6>;

    Ldt& ldt() { return m_ldt; }
    const Selectors& selectors() const { return m_real; }

    // Makes the host's registers what `state` says, for addresses below `end`.
    void follow(const CpuState& state, uint64_t end);

    // Puts one of them right that follow() would get wrong.
    void set(SegmentRegister which, const Segment& segment, uint16_t real)
    {
        m_followed[which] = segment;
        m_real[which] = real;
    }

    // The guest was stopped and its registers held `found`. Follows what it loaded itself into `state`.
    void adopt(GuestMemory& memory, CpuState& state, const Selectors& found);

private:
    void adopt_one(GuestMemory& memory, CpuState& state, SegmentRegister which, uint16_t found);

    Ldt m_ldt;
    Selectors m_real {};
    std::array<Segment, 6> m_followed {};
    uint64_t m_end = 0;
    uint32_t m_generation = 0;
};

}
