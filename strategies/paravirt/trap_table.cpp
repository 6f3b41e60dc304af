#include "strategies/paravirt/trap_table.hpp"

#include "core/x86/descriptors.hpp"
#include "core/x86/linear_memory.hpp"
#include "core/x86/stack_frame.hpp"
#include "strategies/paravirt/rings.hpp"

namespace ringside::paravirt {

namespace {

// What a frame shows of EFLAGS. IOPL is 0 and VM, VIF and VIP are clear in a guest that has only two virtual rings.
constexpr uint32_t shown_flags = eflags::fixed | eflags::cf | eflags::pf | eflags::af | eflags::zf | eflags::sf
    | eflags::tf | eflags::if_ | eflags::df | eflags::of | eflags::nt | eflags::ac | eflags::id;

bool is_outside_event(const Event& event)
{
    return event.type == EventType::ExternalInterrupt || event.type == EventType::Nmi;
}

DeliveryStep step_of(const Event& event)
{
    return { event.vector, event.has_error_code, event.error_code, event.fault_address };
}

// A double fault returns nowhere; what it pushes is where the first fault happened (SDM 3A §6.15 "Interrupt 8").
Event double_fault(const CpuState& state)
{
    return { EventType::HardwareException, DF, true, 0, 0, state.eip, 0 };
}

void note(Delivery& delivery, const DeliveryStep& step)
{
    if (delivery.step_count < Delivery::longest_chain)
        delivery.steps[delivery.step_count++] = step;
    delivery.vector = step.vector;
    delivery.has_error_code = step.has_error_code;
    delivery.error_code = step.error_code;
}

// Each entry says which virtual ring its trap came from.
uint32_t code_in_frame(const CpuState& state)
{
    return state.cpl() == 0 ? PV_KERNEL_CS_IN_FRAME : state.segment(Cs).selector;
}

}

int32_t TrapTable::set(std::span<const pv_trap_entry> entries)
{
    std::array<Handler, PV_MOST_TRAPS> handlers {};
    for (const auto& entry : entries) {
        Handler& handler = handlers[entry.vector];
        bool ring_exists = entry.ring == 0 || entry.ring == 3;
        if (handler.present || !ring_exists || (entry.flags & ~PV_TRAP_KEEPS_INTERRUPTS) || entry.zero != 0)
            return PV_ERROR_INVALID;
        handler = { entry.entry, true, entry.ring == 3, (entry.flags & PV_TRAP_KEEPS_INTERRUPTS) != 0 };
    }
    m_handlers = handlers;
    return PV_OK;
}

MaybeFault TrapTable::check_software_interrupt(const CpuState& state, uint8_t vector) const
{
    if (state.cpl() == 0 || m_handlers[vector].open)
        return {};
    return fault_with_code(GP, vector * 8u | selector_error::idt);
}

MaybeFault TrapTable::enter(CpuState& state, GuestMemory& memory, uint32_t kernel_stack, const Event& event) const
{
    const Handler& handler = m_handlers[event.vector];
    if (!handler.present)
        return fault_with_code(GP, event.vector * 8u | selector_error::idt);

    bool from_program = state.cpl() != 0;
    uint32_t esp = from_program ? kernel_stack : state.gpr[Esp];
    StackFrame frame(OperandSize::Doubleword);
    if (from_program) {
        frame.push(state.segment(Ss).selector);
        frame.push(state.gpr[Esp]);
    }
    frame.push((state.eflags & shown_flags) | eflags::fixed);
    frame.push(code_in_frame(state));
    frame.push(event.return_eip);
    if (event.has_error_code)
        frame.push(event.error_code);
    // The kernel's stack segment is flat, but the monitor's addresses are no memory of the guest's.
    uint32_t bytes = 4 * (3 + (from_program ? 2 : 0) + (event.has_error_code ? 1 : 0));
    if (esp < bytes || esp > PV_MONITOR_BASE)
        return fault_with_code(SS, 0);
    if (auto fault = frame.store(LinearMemory(memory, state), kernel_data(), esp, Privilege::Supervisor))
        return fault;

    enter_kernel(state);
    state.gpr[Esp] = esp;
    state.eip = handler.entry;
    state.eflags &= ~(eflags::tf | eflags::nt | eflags::rf);
    if (!handler.keeps_interrupts)
        state.eflags &= ~eflags::if_;
    if (event.vector == PF && event.type == EventType::HardwareException)
        state.cr2 = event.fault_address;
    state.dr[6] |= event.debug_status;
    state.halted = false;
    state.interrupt_shadow = false;
    return {};
}

Delivery TrapTable::deliver(CpuState& state, GuestMemory& memory, uint32_t kernel_stack, const Event& event) const
{
    Delivery delivery;
    delivery.from_ring = delivery.to_ring = static_cast<uint8_t>(state.cpl());
    note(delivery, step_of(event));
    if (is_outside_event(event) && !handles(event.vector))
        return delivery;

    auto fault = enter(state, memory, kernel_stack, event);
    if (fault && event.vector != DF) {
        note(delivery, { fault->vector, fault->has_error_code, fault->error_code, fault->address });
        note(delivery, { DF, true, 0, 0 });
        fault = enter(state, memory, kernel_stack, double_fault(state));
    }
    if (fault) {
        note(delivery, { fault->vector, fault->has_error_code, fault->error_code, fault->address });
        delivery.outcome = Delivery::Outcome::TripleFault;
        return delivery;
    }
    delivery.to_ring = 0;
    return delivery;
}

}
