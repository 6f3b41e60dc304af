// Exceptions, interrupts and the few instructions that the emulator executes itself, all with Unicorn stopped.
#include "core/verify.hpp"
#include "core/x86/delivery.hpp"
#include "core/x86/system_instructions.hpp"
#include "strategies/emulation/emulator.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace ringside {

namespace {

// Unicorn reads the operand of INC, XCHG or CMPXCHG as by a plain load first. A processor asks for the page with the
// intent to write, so that a page fault of such an instruction always counts as one of a write (SDM 3A §4.7).
bool modifies_memory(GuestMemory& memory, const CpuState& state)
{
    auto decoded = decode_instruction(memory, state);
    if (decoded.fault)
        return false;
    auto is_modified = [](const ZydisDecodedOperand& operand) {
        return operand.type == ZYDIS_OPERAND_TYPE_MEMORY && (operand.actions & ZYDIS_OPERAND_ACTION_MASK_READ)
            && (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE);
    };
    auto operands = decoded.instruction.all_operands();
    return std::any_of(operands.begin(), operands.end(), is_modified);
}

}

// Unicorn tells the interrupt hook only the vector. The error code, CR2 and whether INT n raised it lie in the state.
Exit Emulator::take_exception()
{
    m_state.save(m_cpu, StatePart::Integer);
    auto vector = static_cast<uint8_t>(m_vector);
    if (m_state.raised_by_int_instruction())
        return take(int_instruction_event(), EventKind::SoftwareInterrupt, RingChangeCause::SoftwareInterrupt);
    uint32_t error_code = pushes_error_code(vector) ? m_state.error_code() : 0;
    constexpr uint32_t write = 1 << 1;
    if (vector == PF && !(error_code & write) && modifies_memory(m_engine.memory(), m_cpu))
        error_code |= write;
    // A debug exception of Unicorn's own is the single step: breakpoints are ours.
    constexpr uint32_t single_step = 1 << 14;
    return take({ .type = EventType::HardwareException,
                    .vector = vector,
                    .has_error_code = pushes_error_code(vector),
                    .error_code = error_code,
                    .fault_address = m_cpu.cr2,
                    .return_eip = m_cpu.eip,
                    .debug_status = vector == DB ? single_step : 0 },
        EventKind::Exception, RingChangeCause::Exception);
}

// EIP is behind the instruction. Leaves m_cpu.eip at the instruction, as deliver() wants it.
Event Emulator::int_instruction_event()
{
    auto vector = static_cast<uint8_t>(m_vector);
    Event event { .type = EventType::SoftwareInterrupt, .vector = vector, .return_eip = m_cpu.eip };
    constexpr uint8_t int1 = 0xF1, int3 = 0xCC, into = 0xCE;
    auto before = read_code_byte(m_engine.memory(), m_cpu, m_cpu.eip - 1);
    if ((vector == BP && before == int3) || (vector == OF && before == into))
        event.type = EventType::SoftwareException;
    if (vector == DB && before == int1)
        event.type = EventType::PrivilegedSoftwareException;
    m_cpu.eip -= event.type == EventType::SoftwareInterrupt ? 2 : 1;
    return event;
}

// INT1 is undefined for Unicorn.
Exit Emulator::take_undefined_opcode()
{
    constexpr uint8_t int1 = 0xF1;
    m_exit_begin = m_engine.begin_exit();
    m_state.save(m_cpu, StatePart::Integer);
    if (read_code_byte(m_engine.memory(), m_cpu, m_cpu.eip) != int1)
        return take_fault(fault_without_code(UD));
    return take({ .type = EventType::PrivilegedSoftwareException, .vector = DB, .return_eip = m_cpu.eip + 1 },
        EventKind::SoftwareInterrupt, RingChangeCause::SoftwareInterrupt);
}

// Of a #DB the reason is in DR6 already.
Exit Emulator::take_fault(const Fault& fault)
{
    return take({ .type = EventType::HardwareException,
                    .vector = fault.vector,
                    .has_error_code = fault.has_error_code,
                    .error_code = fault.error_code,
                    .fault_address = fault.address,
                    .return_eip = m_cpu.eip },
        EventKind::Exception, RingChangeCause::Exception);
}

// m_cpu was saved just now, and no guest code has run since.
Exit Emulator::take(const Event& event, EventKind exit_kind, RingChangeCause cause)
{
    auto& recorder = m_engine.recorder();
    uint32_t eip = m_cpu.eip;
    if (m_look_at_ring) // the new ring's very first instruction faults, or its page does
        settle_ring(m_cpu.cpl(), eip);
    m_debug.save(m_cpu);
    g_verify_context.guest_eip = eip;
    Delivery delivery = deliver(m_cpu, m_engine.memory(), event);
    if (delivery.outcome == Delivery::Outcome::TripleFault) {
        recorder.event({ .kind = EventKind::TripleFault, .virtual_ring = delivery.from_ring, .eip = eip, .a = event.fault_address, .b = delivery.vector });
        return { Exit::Reason::TripleFault,
            fmt::format("{} at eip {:#010x} in ring {}", describe_chain(delivery), eip, delivery.from_ring) };
    }
    m_state.load(m_cpu, StatePart::Integer);
    m_debug.load(m_cpu);

    if (delivery.vector == DF && event.vector != DF)
        recorder.event({ .kind = EventKind::DoubleFault, .virtual_ring = delivery.from_ring, .eip = eip, .a = eip, .b = event.vector });
    if (m_exit_begin != 0)
        m_engine.end_exit({ .time = m_exit_begin, .kind = exit_kind, .virtual_ring = delivery.from_ring, .eip = eip,
            .a = event.vector == PF ? event.fault_address : eip, .b = event.vector, .c = event.error_code });
    recorder.event({ .kind = EventKind::Injection, .virtual_ring = delivery.to_ring, .eip = m_cpu.eip, .a = m_cpu.eip,
        .b = delivery.vector, .c = delivery.error_code });
    if (delivery.from_ring != delivery.to_ring)
        recorder.ring_change(delivery.from_ring, delivery.to_ring, cause, m_cpu.eip, RealRing::Interpreted);
    m_ring = delivery.to_ring;
    return { Exit::Reason::Kicked };
}

Exit Emulator::emulate_instruction()
{
    m_state.save(m_cpu, StatePart::Integer);
    m_debug.save(m_cpu);
    unsigned ring = m_cpu.cpl();
    uint32_t eip = m_cpu.eip;
    bool single_step = m_cpu.eflags & eflags::tf;
    auto outcome = execute_system_instruction(m_engine, m_cpu);
    m_debug.load(m_cpu);
    if (outcome.fault)
        return take_fault(*outcome.fault);
    m_state.load(m_cpu, StatePart::Integer);
    m_engine.end_exit({ .time = m_exit_begin, .kind = outcome.kind, .virtual_ring = static_cast<uint8_t>(ring), .eip = eip,
        .a = outcome.a, .b = outcome.b, .c = outcome.c });
    if (m_cpu.cpl() != ring) {
        auto cause = outcome.kind == EventKind::FarTransfer ? RingChangeCause::FarTransfer : RingChangeCause::Sysenter;
        m_engine.recorder().ring_change(ring, m_cpu.cpl(), cause, m_cpu.eip, RealRing::Interpreted);
        m_ring = m_cpu.cpl();
    }
    if (single_step) {
        m_exit_begin = m_engine.begin_exit();
        return take({ .type = EventType::HardwareException, .vector = DB, .return_eip = m_cpu.eip, .debug_status = 1 << 14 },
            EventKind::Exception, RingChangeCause::Exception);
    }
    return { Exit::Reason::Kicked };
}

}
