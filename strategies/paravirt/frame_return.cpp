#include "strategies/paravirt/frame_return.hpp"

#include "core/paravirt_abi.h"
#include "core/x86/linear_memory.hpp"
#include "strategies/paravirt/rings.hpp"

#include <array>

namespace ringside::paravirt {

namespace {

// What a kernel may set for itself and its programs. IOPL, VM and NT would mean something else than on a bare machine.
constexpr uint32_t settable_flags = eflags::cf | eflags::pf | eflags::af | eflags::zf | eflags::sf | eflags::tf
    | eflags::if_ | eflags::df | eflags::of | eflags::ac | eflags::id;

struct InnerFrame {
    uint32_t eip, cs, eflags;
};
struct OuterFrame {
    InnerFrame inner;
    uint32_t esp, ss;
};

MaybeFault bad_selector(uint32_t selector)
{
    return fault_with_code(GP, selector & 0xFFFC);
}

}

MaybeFault return_from_frame(CpuState& state, GuestMemory& memory, uint32_t boundary)
{
    LinearMemory linear(memory, state);
    Gla at { state.gpr[Esp] };
    OuterFrame frame {};
    if (auto fault = linear.read(at, frame.inner, Privilege::Supervisor))
        return fault;
    auto code = static_cast<uint16_t>(frame.inner.cs);
    uint32_t flags = eflags::fixed | (frame.inner.eflags & settable_flags);

    if (is_kernel_code(code)) {
        state.segment(Cs) = kernel_code();
        state.gpr[Esp] += sizeof(InnerFrame);
    } else {
        if (code != PV_USER_CS)
            return bad_selector(code);
        if (auto fault = linear.read(at, frame, Privilege::Supervisor))
            return fault;
        if (static_cast<uint16_t>(frame.ss) != PV_USER_DS)
            return bad_selector(frame.ss);
        enter_program(state, boundary);
        state.gpr[Esp] = frame.esp;
        flags |= eflags::if_;
    }
    state.eip = frame.inner.eip;
    state.eflags = flags;
    state.nmi_blocked = false;
    return {};
}

void return_to_program(CpuState& state, uint32_t boundary)
{
    state.eip = state.gpr[Edx];
    state.gpr[Esp] = state.gpr[Ecx];
    enter_program(state, boundary);
    state.eflags |= eflags::if_;
}

}
