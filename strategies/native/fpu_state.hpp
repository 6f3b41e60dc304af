// The guest's x87 and SSE registers while the guest is not running: an XSAVE area whose first 512 bytes are CpuState's
// FXSAVE image (SDM 1 §13.4). The rest of it says "initial state", so that loading it leaves nothing of the monitor's in
// the registers that the guest is not told of (AVX and beyond).
#pragma once

#include "core/machine/cpu_state.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <ucontext.h>

namespace ringside {

class FpuState {
public:
    FpuState();

    void load(const CpuState& state);
    void save(CpuState& state) const;
    // As a signal found it: to keep, or only to be loaded again before the signal's frame is gone.
    void take(const ucontext_t& context);
    void* area_in(const ucontext_t& context);
    // The FXSAVE image in the frame of a signal, or, without one, in area(): to be read and changed in place.
    std::byte* image(ucontext_t* context);

    void* area() const { return m_area.get(); }
    uint64_t components() const { return m_components; }

private:
    struct Free {
        void operator()(std::byte* memory) const { std::free(memory); }
    };
    std::unique_ptr<std::byte, Free> m_area;
    std::size_t m_bytes = 0;
    uint64_t m_components = 0; // XRSTOR's mask: what it loads or resets
};

}
