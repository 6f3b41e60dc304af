#include "core/x86/real_mode_interrupt.hpp"

#include "core/x86/linear_memory.hpp"
#include "core/x86/segments.hpp"
#include "core/x86/stack_frame.hpp"

namespace ringside {

MaybeFault enter_real_mode_handler(CpuState& state, GuestMemory& memory, const GateRequest& request)
{
    // One far pointer per vector, offset below segment. IDTR holds the table's place (SDM 3B figure 20-2).
    uint32_t slot = uint32_t { request.event.vector } * 4;
    if (slot + 3 > state.idtr.limit)
        return fault_without_code(GP);
    LinearMemory linear(memory, state);
    uint32_t pointer = 0;
    if (auto fault = linear.read(Gla { state.idtr.base } + slot, pointer, Privilege::Supervisor))
        return fault;

    StackFrame frame(OperandSize::Word);
    frame.push(request.eflags);
    frame.push(state.segment(Cs).selector);
    frame.push(request.event.return_eip);
    const Segment& ss = state.segment(Ss);
    if (!frame.has_room(ss, state.gpr[Esp]))
        return fault_without_code(SS);
    if (auto fault = frame.store(linear, ss, state.gpr[Esp], Privilege::Supervisor))
        return fault;

    state.segment(Cs) = real_mode_segment(state.segment(Cs), static_cast<uint16_t>(pointer >> 16));
    state.eip = pointer & 0xFFFF;
    // SDM 2A "INT n", REAL-ADDRESS-MODE; RF does not outlive the event (SDM 3B §17.3.1.1).
    state.eflags &= ~(eflags::if_ | eflags::tf | eflags::ac | eflags::rf);
    return {};
}

}
