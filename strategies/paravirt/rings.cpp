#include "strategies/paravirt/rings.hpp"

#include "core/paravirt_abi.h"

#include <algorithm>
#include <array>

namespace ringside::paravirt {

namespace {

// G, D/B, P, S, accessed, and the privilege (SDM 3A figure 3-8).
constexpr uint16_t code_0 = 0xC09B, data_0 = 0xC093, code_3 = 0xC0FB, data_3 = 0xC0F3;
constexpr uint16_t requested_privilege = 3;

}

Segment kernel_code()
{
    return { PV_KERNEL_CS, code_0, 0, 0xFFFFFFFF };
}

Segment kernel_data()
{
    return { PV_KERNEL_DS, data_0, 0, 0xFFFFFFFF };
}

Segment user_code(uint32_t boundary)
{
    return { PV_USER_CS, code_3, 0, boundary - 1 };
}

Segment user_data(uint32_t boundary)
{
    return { PV_USER_DS, data_3, 0, boundary - 1 };
}

Segment null_segment()
{
    return {};
}

bool is_kernel_code(uint16_t selector)
{
    return (selector | requested_privilege) == PV_KERNEL_CS;
}

bool is_kernel_segment(uint16_t selector)
{
    return is_kernel_code(selector) || (selector | requested_privilege) == PV_KERNEL_DS;
}

void enter_kernel(CpuState& state)
{
    state.segment(Cs) = kernel_code();
    state.segment(Ss) = kernel_data();
}

void enter_program(CpuState& state, uint32_t boundary)
{
    state.segment(Cs) = user_code(boundary);
    state.segment(Ss) = user_data(boundary);
    for (auto which : std::array { Es, Ds, Fs, Gs }) {
        if (is_kernel_segment(state.segment(which).selector))
            state.segment(which) = null_segment();
    }
}

CpuState entry_state(CpuState state)
{
    enter_kernel(state);
    state.segment(Ds) = state.segment(Es) = kernel_data();
    state.segment(Fs) = state.segment(Gs) = null_segment();
    state.eflags &= ~eflags::if_;
    return state;
}

}
