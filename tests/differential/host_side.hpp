// The other side of a comparison: the CPU that runs this program.
//
// The generated instruction runs natively, in 32-bit or 16-bit segments of this process's own LDT, and is left by the
// signal that INT3 or its fault raises. Its memory is mapped below 4 GiB; the segments' bases put it at linear address 0
// for the instruction. To be used in a forked process that does nothing else: it takes over the signal handlers.
#pragma once

#include "core/machine/guest_memory.hpp"
#include "tests/differential/comparison.hpp"

#include <string>

namespace ringside::test {

class HostSide {
public:
    HostSide();

    // Why the host does not let us, or empty.
    const std::string& obstacle() const { return m_obstacle; }
    GuestMemory& memory() { return m_memory; }

    // The case's code and patches are in memory already.
    Observed run(const Case& tested);

private:
    bool set_descriptor(unsigned index, const Segment& segment);
    bool set_segments(const CpuState& state);

    GuestMemory m_memory;
    uint32_t m_base = 0; // where the instruction's address 0 really is
    std::string m_obstacle;
};

}
