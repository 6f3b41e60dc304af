// The exits that the host's kernel settles by itself: the monitor never sees them, but they cost the guest time. KVM counts
// them (KVM_GET_STATS_FD, Linux 5.14), and the differences go to the counters of the trace.
#pragma once

#include "core/session/descriptor.hpp"
#include "core/trace/recorder.hpp"
#include "strategies/hardware/kvm.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ringside {

class KernelExits {
public:
    // Of this vCPU, from now on. Where KVM has no statistics nothing is counted.
    void open(const KvmCpu& cpu);
    int descriptor() const { return m_file.get(); } // -1: none

    // An exit came to the monitor, which KVM counts like the others.
    void came_here() { ++m_came_here; }
    enum class Counting : uint8_t { Add, Skip }; // Skip: somebody has seen each of them
    void update(Recorder& recorder, Counting counting);

private:
    enum Figure : std::size_t { Exits, HostInterrupts, PagesFixed, FigureCount };
    using Figures = std::array<uint64_t, FigureCount>;

    Figures read() const;

    Descriptor m_file;
    std::array<uint64_t, FigureCount> m_offsets {}; // in the file; 0: not there
    Figures m_last {};
    uint64_t m_came_here = 0;
};

}
