#include "core/x86/delivery.hpp"

#include "core/x86/fault.hpp"
#include "core/x86/gate_request.hpp"
#include "core/x86/protected_mode_interrupt.hpp"
#include "core/x86/real_mode_interrupt.hpp"

#include <fmt/format.h>
#include <iterator>

namespace ringside {

namespace {

namespace dr6 {
constexpr uint32_t breakpoints = 0xF;
constexpr uint32_t task_switch = 1 << 15; // BT
}
constexpr uint32_t dr7_general_detect = 1 << 13;

enum class EventClass : uint8_t { Benign, Contributory, PageFault };

// SDM 3A table 6-4. INT n, INT3 and INTO are benign whatever their vector.
EventClass class_of(const Event& event)
{
    if (event.type != EventType::HardwareException)
        return EventClass::Benign;
    if (event.vector == PF)
        return EventClass::PageFault;
    return event.vector == DE || (event.vector >= TS && event.vector <= GP) ? EventClass::Contributory
                                                                            : EventClass::Benign;
}

// SDM 3A table 6-5: what `second`, met while `first` was delivered, leads to.
bool makes_double_fault(EventClass first, EventClass second)
{
    if (first == EventClass::Contributory)
        return second == EventClass::Contributory;
    return first == EventClass::PageFault && second != EventClass::Benign;
}

bool is_double_fault(const Event& event)
{
    return event.type == EventType::HardwareException && event.vector == DF;
}

// The image of EFLAGS that the handler finds (SDM 3B §17.3.1.1): RF is set by faults, so that the instruction can be
// restarted past its own breakpoint, and otherwise as it is; a software interrupt has just cleared it.
uint32_t eflags_image(const CpuState& state, const Event& event)
{
    switch (event.type) {
    case EventType::ExternalInterrupt:
    case EventType::Nmi:
        return state.eflags;
    case EventType::HardwareException:
        break;
    case EventType::SoftwareInterrupt:
    case EventType::SoftwareException:
    case EventType::PrivilegedSoftwareException:
        return state.eflags & ~eflags::rf;
    }
    bool is_fault = event.vector != DB && event.vector != DF && event.vector != MC;
    return is_fault ? state.eflags | eflags::rf : state.eflags;
}

// What an exception leaves behind beside the frame: CR2 (SDM 3A §4.7), DR6 and DR7.GD (SDM 3B §17.2.3, §17.2.4).
void record_status(CpuState& state, const Event& event)
{
    if (event.type == EventType::Nmi)
        state.nmi_blocked = true;
    if (event.type != EventType::HardwareException)
        return;
    if (event.vector == PF) {
        state.cr2 = event.fault_address;
    } else if (event.vector == DB) {
        state.dr[6] = (state.dr[6] & ~dr6::breakpoints) | event.debug_status;
        state.dr[7] &= ~dr7_general_detect;
    }
}

MaybeFault deliver_once(CpuState& state, GuestMemory& memory, const Event& event, bool& debug_trap)
{
    uint32_t external = is_requested(event.type) ? 0 : selector_error::external;
    GateRequest request { event, eflags_image(state, event), external };
    if (!state.protected_mode())
        return enter_real_mode_handler(state, memory, request);
    return enter_protected_mode_handler(state, memory, request, debug_trap);
}

Event exception(const CpuState& state, const Fault& fault)
{
    return { EventType::HardwareException, fault.vector, fault.has_error_code, fault.error_code, fault.address,
        state.eip, 0 };
}

// SDM 3A §6.15, "Interrupt 8": the error code is 0.
Event double_fault(const CpuState& state)
{
    return exception(state, state.protected_mode() ? fault_with_code(DF, 0) : fault_without_code(DF));
}

// The event happens, whether or not it can be delivered.
void raise(CpuState& state, Delivery& delivery, const Event& event)
{
    record_status(state, event);
    delivery.vector = event.vector;
    delivery.has_error_code = event.has_error_code;
    delivery.error_code = event.error_code;
    if (delivery.step_count < Delivery::longest_chain)
        delivery.steps[delivery.step_count++]
            = { event.vector, event.has_error_code, event.error_code, event.fault_address };
}

}

Delivery deliver(CpuState& state, GuestMemory& memory, const Event& event)
{
    Delivery delivery;
    delivery.from_ring = delivery.to_ring = static_cast<uint8_t>(state.cpl());
    state.halted = false;
    state.interrupt_shadow = false;

    Event current = event;
    raise(state, delivery, current);
    for (;;) {
        bool debug_trap = false;
        if (auto fault = deliver_once(state, memory, current, debug_trap)) {
            Event met = exception(state, *fault);
            raise(state, delivery, met);
            if (is_double_fault(current)) {
                delivery.outcome = Delivery::Outcome::TripleFault;
                return delivery;
            }
            bool doubled = makes_double_fault(class_of(current), class_of(met));
            current = met;
            if (doubled)
                raise(state, delivery, current = double_fault(state));
        } else if (debug_trap) {
            current = exception(state, fault_without_code(DB));
            current.debug_status = dr6::task_switch;
            raise(state, delivery, current);
        } else {
            delivery.to_ring = static_cast<uint8_t>(state.cpl());
            return delivery;
        }
    }
}

std::string describe_chain(const Delivery& delivery)
{
    std::string text;
    for (const auto& step : delivery.chain()) {
        if (!text.empty())
            text += ", then ";
        text += exception_name(step.vector);
        if (step.has_error_code)
            fmt::format_to(std::back_inserter(text), "(0x{:X})", step.error_code);
        if (step.vector == PF)
            fmt::format_to(std::back_inserter(text), " at address 0x{:08X}", step.address);
    }
    return text;
}

}
