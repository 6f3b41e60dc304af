// What comes through the gates of the hypercall page: hypercalls, and signals that find the guest on the way.
#include "strategies/paravirt/frame_return.hpp"
#include "strategies/paravirt/hypercall_page_layout.h"
#include "strategies/paravirt/paravirt_cpu.hpp"
#include "strategies/paravirt/rings.hpp"

#include <utility>

namespace ringside::paravirt {

// The registers of a signal's context that a gate changes. CSGSFS: CS in bits 0..15, SS in bits 48..63.
class ParavirtCpu::GateRegisters {
public:
    explicit GateRegisters(ucontext_t& context) : m_registers(context.uc_mcontext.gregs) { }

    uint64_t rip() const { return static_cast<uint64_t>(m_registers[REG_RIP]); }
    uint16_t cs() const { return static_cast<uint16_t>(m_registers[REG_CSGSFS]); }
    uint16_t ss() const { return static_cast<uint16_t>(static_cast<uint64_t>(m_registers[REG_CSGSFS]) >> 48); }
    uint32_t low(int index) const { return static_cast<uint32_t>(m_registers[index]); }

    // A single step ends in a gate: what it would step through is not the guest's.
    void set(uint16_t cs, uint32_t eip, uint16_t ss, uint32_t esp)
    {
        auto packed = static_cast<uint64_t>(m_registers[REG_CSGSFS]) & 0x0000FFFFFFFF0000;
        m_registers[REG_CSGSFS] = static_cast<greg_t>(packed | cs | uint64_t { ss } << 48);
        m_registers[REG_RIP] = eip;
        m_registers[REG_RSP] = esp;
        m_registers[REG_EFL] &= ~static_cast<greg_t>(eflags::tf);
    }

private:
    gregset_t& m_registers;
};

namespace {

constexpr uint32_t return_point = PV_HYPERCALL_PAGE + PAGE_RETURN_POINT;
constexpr uint32_t system_call_gate = PV_SYSTEM_CALL_GATE - PV_HYPERCALL_PAGE;

}

// --- Signals ---

// In the gates the guest is on its way from one instruction to another, so it is taken there. They are short enough, and
// keep what they need in registers long enough, that this can be done from anywhere in them. A step to the monitor has
// done nothing yet: the guest will take it again.
ParavirtCpu::Settled ParavirtCpu::settle(ucontext_t& context)
{
    GateRegisters registers(context);
    if (registers.rip() < PV_HYPERCALL_PAGE || registers.rip() >= PV_HYPERCALL_PAGE + page_size)
        return Settled::Nothing;
    auto offset = static_cast<uint32_t>(registers.rip()) - PV_HYPERCALL_PAGE;
    if (registers.cs() == PV_KERNEL_CS && offset >= PAGE_RETURN_TO_RING_3 && offset < PAGE_RETURN_TO_RING_3_END)
        return settle_in_ring_3(registers);
    if (registers.cs() != PV_GATE_SELECTOR)
        return Settled::Nothing;
    if (offset >= system_call_gate && offset < PAGE_WATCHED) {
        if (offset == system_call_gate)
            shared().system_call_esp = registers.low(REG_RSP);
        if (offset < PAGE_GATE_COUNTED && !m_engine.recorder().wants_ring_changes())
            shared().system_calls = shared().system_calls + 1;
        return settle_in_ring_0(registers);
    }
    if (offset < PAGE_STEPS || offset >= PAGE_STEPS_END)
        return Settled::Nothing;
    uint32_t number = (offset - PAGE_STEPS) / PAGE_STEP_BYTES;
    if (number == PV_WATCHED_SYSTEM_CALL)
        return settle_in_ring_0(registers);
    if (number == PV_RETURN_TO_RING_3)
        return settle_in_ring_3(registers);
    registers.set(registers.ss() == PV_KERNEL_DS ? PV_KERNEL_CS : PV_USER_CS, PV_ENTRY(number), registers.ss(),
        registers.low(REG_RSP));
    return Settled::Back;
}

ParavirtCpu::Settled ParavirtCpu::settle_in_ring_0(GateRegisters registers)
{
    shared().interrupts = 0;
    registers.set(PV_KERNEL_CS, shared().system_call_entry, PV_KERNEL_DS, shared().kernel_stack);
    return Settled::InRing0;
}

ParavirtCpu::Settled ParavirtCpu::settle_in_ring_3(GateRegisters registers)
{
    shared().interrupts = 1;
    registers.set(PV_USER_CS, registers.low(REG_RDX), PV_USER_DS, registers.low(REG_RCX));
    return Settled::InRing3;
}

std::optional<GuestSignals::Verdict> ParavirtCpu::take_registers(int signal, ucontext_t& context)
{
    auto settled = settle(context);
    auto verdict = NativeCpu::take_registers(signal, context);
    bool watched = m_engine.recorder().wants_ring_changes();
    if (watched && settled == Settled::InRing0)
        record_ring(3, RingChangeCause::FarTransfer);
    if (watched && settled == Settled::InRing3)
        record_ring(0, RingChangeCause::FarTransfer);
    return settled != Settled::Nothing ? Verdict::Resume : verdict;
}

// --- Hypercalls ---

AfterHypercall ParavirtCpu::on_hypercall(uint32_t number, uint32_t argument)
{
    m_exit_begin = m_engine.begin_exit();
    m_raw = 0;
    m_taken = false;
    if (number == PV_WATCHED_SYSTEM_CALL)
        return on_watched_system_call();
    if (ringside_world.ss != PV_KERNEL_DS) [[unlikely]]
        return on_hypercall_of_program(number);
    if (number == PV_RETURN_TO_RING_3)
        return on_return_to_ring_3();
    if (needs_registers(number))
        take(PV_KERNEL_CS, return_point);

    auto result = m_hypercalls.perform(number, m_state, argument);
    switch (result.after) {
    case HypercallResult::After::Answer:
        return answer(number, result.answer);
    case HypercallResult::After::Replaced:
        record_hypercall(number, PV_OK);
        record_ring(0, RingChangeCause::Iret);
        spread_state();
        return go_on(finish());
    case HypercallResult::After::Halted:
        m_state.gpr[Eax] = PV_OK;
        spread_state();
        return go_on(finish());
    case HypercallResult::After::Fault:
        m_state.eip = PV_ENTRY(number);
        return go_on(take_fault(result.fault));
    }
    return AfterHypercall::Leave;
}

// Nothing of the guest's changes but EAX, unless the machine wants something.
AfterHypercall ParavirtCpu::answer(uint32_t number, int32_t answer)
{
    ringside_world.gpr[Eax] = static_cast<uint32_t>(answer);
    record_hypercall(number, answer);
    bool kicked = ringside_world.kicked.load(std::memory_order_relaxed) != 0;
    bool pending = m_engine.interrupt_pending();
    if (!kicked && !(pending && (shared().interrupts & 1))) [[likely]] {
        leave_notes();
        return AfterHypercall::Answer;
    }
    take(PV_KERNEL_CS, return_point);
    return go_on(finish());
}

// Ring 3 can jump to the steps of the hypercall page. What it meant was an instruction that it may not execute.
AfterHypercall ParavirtCpu::on_hypercall_of_program(uint32_t number)
{
    take(PV_USER_CS, PV_ENTRY(number));
    return go_on(take_fault(fault_with_code(GP, 0)));
}

// The system-call gate, when somebody wants to see it.
AfterHypercall ParavirtCpu::on_watched_system_call()
{
    take(PV_USER_CS, ringside_world.gpr[Edx]);
    unsigned from = m_state.cpl();
    shared().system_call_esp = m_state.gpr[Esp];
    enter_kernel(m_state);
    m_state.gpr[Esp] = shared().kernel_stack;
    m_state.eip = shared().system_call_entry;
    m_state.eflags &= ~eflags::if_;
    spread_state();
    record_ring(from, RingChangeCause::FarTransfer);
    return go_on(finish());
}

AfterHypercall ParavirtCpu::on_return_to_ring_3()
{
    take(PV_KERNEL_CS, return_point);
    return_to_program(m_state, m_hypercalls.boundary());
    spread_state();
    if (m_engine.recorder().wants_ring_changes()) // otherwise the system call has been counted both ways
        record_ring(0, RingChangeCause::FarTransfer);
    return go_on(finish());
}

// A kick came between the last look and the guest.
void ParavirtCpu::on_hypercall_aborted()
{
    ringside_world.kicked = 0;
    m_exit = { Exit::Reason::Kicked };
    if (!m_taken)
        take(PV_KERNEL_CS, return_point);
}

void ParavirtCpu::take(uint16_t cs, uint32_t eip)
{
    ringside_world.cs = cs;
    take_world(eip);
    m_taken = true;
}

AfterHypercall ParavirtCpu::go_on(Verdict verdict)
{
    if (verdict == Verdict::Leave)
        return AfterHypercall::Leave;
    prepare();
    return AfterHypercall::Replaced;
}

void ParavirtCpu::record_hypercall(uint32_t number, int32_t answer)
{
    m_engine.end_exit({ .time = m_exit_begin,
        .kind = EventKind::Hypercall,
        .virtual_ring = 0,
        .real_ring = RealRing::Ring3,
        .eip = PV_ENTRY(number),
        .a = number,
        .b = static_cast<uint32_t>(answer) });
}

}
