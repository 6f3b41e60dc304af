// Delivering interrupts and exceptions in software (SDM 3A chapter 6, SDM 2A "INT n/INTO/INT3/INT1"): real-address mode
// through the vector table, protected and virtual-8086 mode through interrupt, trap and task gates.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/x86/event.hpp"

namespace ringside {

// Changes `state` and guest memory as the processor would: the handler's first instruction is next. A fault on the way
// is delivered in the event's place, or becomes a double fault, by table 6-5.
//
// Before: `state` is at the boundary that the event belongs to. state.eip is the instruction that raised the event (INT
// n itself, although event.return_eip is the next one): it is what a fault met during delivery pushes. Whether the
// guest can take the event now (IF, interrupt shadow, blocked NMIs, a pending one at the interrupt controller) was the
// caller's question.
//
// After Delivered: CR2 and DR6 are updated, halted and interrupt_shadow are clear, an NMI blocks further ones until the
// next IRET. After TripleFault: `state` is as at the last event tried, for the message, and the processor has shut
// down (§6.15 "Interrupt 8").
Delivery deliver(CpuState& state, GuestMemory& memory, const Event& event);

}
