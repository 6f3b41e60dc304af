// What the host CPU refused, and what becomes of it.
#include "core/session/worker_account.hpp"
#include "core/verify.hpp"
#include "core/x86/instruction_classes.hpp"
#include "strategies/native/native_cpu.hpp"

#include <csignal>
#include <fmt/format.h>
#include <linux/audit.h>
#include <unistd.h>

namespace ringside {

namespace {

constexpr uint16_t host_64_bit_code = 0x33;
constexpr uint32_t dr6_single_step = 1 << 14; // SDM 3B figure 17-1

RingChangeCause cause_of(EventKind kind)
{
    switch (kind) {
    case EventKind::InterruptReturn:
        return RingChangeCause::Iret;
    case EventKind::FastSystemCall:
        return RingChangeCause::Sysenter;
    case EventKind::FastSystemReturn:
        return RingChangeCause::Sysexit;
    default:
        return RingChangeCause::FarTransfer;
    }
}

// MOV of a general register to DS, ES, FS or GS with a selector of the guest's own global table: on the host's it is
// refused, or means something else.
bool loads_segment_of_guest(const CpuState& state, const Instruction& instruction)
{
    const auto& to = instruction.operands[0];
    const auto& from = instruction.operands[1];
    auto is_register = [](const ZydisDecodedOperand& operand, ZydisRegister first, ZydisRegister last) {
        return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && operand.reg.value >= first && operand.reg.value <= last;
    };
    constexpr uint32_t local = 4;
    if (instruction.info.mnemonic != ZYDIS_MNEMONIC_MOV || !is_register(to, ZYDIS_REGISTER_ES, ZYDIS_REGISTER_GS))
        return false;
    bool general = is_register(from, ZYDIS_REGISTER_AX, ZYDIS_REGISTER_DI) || is_register(from, ZYDIS_REGISTER_EAX, ZYDIS_REGISTER_EDI);
    return general && !(state.gpr[static_cast<unsigned>(ZydisRegisterGetId(from.reg.value)) & 7] & local);
}

}

GuestSignals::Verdict NativeCpu::dispatch(int signal, const siginfo_t& information, const ucontext_t& context)
{
    const auto& registers = context.uc_mcontext.gregs;
    auto exception = static_cast<uint8_t>(registers[REG_TRAPNO]);
    auto error_code = static_cast<uint32_t>(registers[REG_ERR]);
    m_raw = static_cast<uint32_t>(signal) << 8 | exception;
    if (signal == SignalHandlers::kick_signal())
        return Verdict::Resume; // finish() knows whether it was more than a nudge
    // A call that the worker's sandbox refuses can only be 64-bit code of the guest's.
    if (signal == SIGSYS && information.si_arch == AUDIT_ARCH_X86_64)
        end_refused(information);
    if (static_cast<uint16_t>(registers[REG_CSGSFS]) == host_64_bit_code)
        return leave({ Exit::Reason::Failed,
            fmt::format("the guest left 32-bit mode through the host's code selector {:#x}, at {:#010x}", host_64_bit_code,
                m_state.eip) });
    // Of the other two ways into its kernel Linux forgets where they were used: EIP is then a place in its own code.
    if (signal == SIGSYS && static_cast<uint64_t>(registers[REG_RIP]) >= Window::end)
        return leave({ Exit::Reason::Failed, "the guest executed SYSCALL or SYSENTER, and the host does not say where" });
    if (signal == SIGSYS)
        return on_host_system_call();
    if (information.si_code <= 0) { // sent by kill(2), not raised by the CPU
        std::signal(signal, SIG_DFL);
        raise(signal);
    }
    switch (exception) {
    case PF:
        return on_page_fault(Gla { static_cast<uint32_t>(registers[REG_CR2]) }, error_code);
    case GP:
    case SS:
    case NP:
    case TS:
    case AC:
        return emulate();
    case UD:
        return on_undefined_opcode();
    case BP:
    case OF:
    case DB:
        return take_software_exception(exception);
    default:
        return take_exception(exception, error_code);
    }
}

// SDM 3A §4.7: the host's error code says what kind of access it was; the guest's tables say what the guest sees.
GuestSignals::Verdict NativeCpu::on_page_fault(Gla address, uint32_t error_code)
{
    constexpr uint32_t fetch = page_fault_error::fetch;
    Access access = error_code & page_fault_error::write ? Access::Write
        : error_code & fetch                             ? Access::Execute
                                                         : Access::Read;
    m_fault_address = address;
    auto filled = m_tlb.fill(m_state, address, access, privilege_of(m_state));
    switch (filled.outcome) {
    case TlbFill::Outcome::Mapped:
        if (m_state.cpl() == 3 && address.value >= m_boundary)
            m_boundary_stale = true; // the guest's tables give ring 3 more than they did
        record_exit(EventKind::ShadowFill, m_state.cpl(), m_state.eip, address.value, filled.pages, access == Access::Write);
        return Verdict::Resume;
    case TlbFill::Outcome::PageFault:
        return take_fault(page_fault(filled.error_code, address));
    case TlbFill::Outcome::Emulate:
        return emulate();
    }
    return Verdict::Resume;
}

// INT 0x80, whose vehicle is the host's 32-bit system call, or SYSCALL, which the guest's CPU does not have (SDM 2B).
// EIP is behind the instruction.
GuestSignals::Verdict NativeCpu::on_host_system_call()
{
    m_state.eip -= 2;
    const auto* instruction = m_decoder.find(m_engine.memory(), m_state);
    if (!instruction)
        return take_fault(m_decoder.fault());
    if (auto event = software_interrupt_event(m_state, *instruction))
        return take(*event, EventKind::SoftwareInterrupt, RingChangeCause::SoftwareInterrupt);
    return take_fault(fault_without_code(UD));
}

// SYSENTER and SYSEXIT are undefined in compatibility mode on AMD's CPUs (AMD64 volume 3).
GuestSignals::Verdict NativeCpu::on_undefined_opcode()
{
    const auto* instruction = m_decoder.find(m_engine.memory(), m_state);
    bool fast_system_call = instruction
        && (instruction->info.mnemonic == ZYDIS_MNEMONIC_SYSENTER || instruction->info.mnemonic == ZYDIS_MNEMONIC_SYSEXIT);
    return fast_system_call ? emulate() : take_exception(UD, 0);
}

GuestSignals::Verdict NativeCpu::take_exception(uint8_t vector, uint32_t error_code)
{
    return take({ .type = EventType::HardwareException,
                    .vector = vector,
                    .has_error_code = pushes_error_code(vector),
                    .error_code = pushes_error_code(vector) ? error_code : 0,
                    .return_eip = m_state.eip },
        EventKind::Exception, RingChangeCause::Exception);
}

// INT3, INTO, INT1, or INT 3 and INT 4 spelled with two bytes: EIP is behind the instruction. A #DB that is none of
// these is the single step of TF.
GuestSignals::Verdict NativeCpu::take_software_exception(uint8_t vector)
{
    uint32_t behind = m_state.eip;
    for (uint32_t length : { 1u, 2u }) {
        m_state.eip = behind - length;
        const auto* instruction = m_decoder.find(m_engine.memory(), m_state);
        if (!instruction || instruction->length() != length)
            continue;
        if (auto event = software_interrupt_event(m_state, *instruction); event && event->vector == vector)
            return take(*event, EventKind::SoftwareInterrupt, RingChangeCause::SoftwareInterrupt);
    }
    m_state.eip = behind;
    return vector == DB ? take_debug_exception(dr6_single_step) : take_exception(vector, 0);
}

// At EIP: that of the instruction that has a breakpoint, or behind one that hit a breakpoint or was a single step.
GuestSignals::Verdict NativeCpu::take_debug_exception(uint32_t status)
{
    return take({ .type = EventType::HardwareException, .vector = DB, .return_eip = m_state.eip, .debug_status = status },
        EventKind::Exception, RingChangeCause::Exception);
}

GuestSignals::Verdict NativeCpu::take_fault(const Fault& fault)
{
    return take({ .type = EventType::HardwareException,
                    .vector = fault.vector,
                    .has_error_code = fault.has_error_code,
                    .error_code = fault.error_code,
                    .fault_address = fault.address,
                    .return_eip = m_state.eip },
        EventKind::Exception, RingChangeCause::Exception);
}

Delivery NativeCpu::deliver_event(const Event& event)
{
    return deliver(m_state, m_engine.memory(), event);
}

GuestSignals::Verdict NativeCpu::take(const Event& event, EventKind exit_kind, RingChangeCause cause)
{
    auto& recorder = m_engine.recorder();
    uint32_t eip = m_state.eip;
    uint32_t directory = m_state.cr3;
    g_verify_context.guest_eip = eip;
    Delivery delivery = deliver_event(event);
    if (delivery.outcome == Delivery::Outcome::TripleFault) {
        recorder.event({ .kind = EventKind::TripleFault, .virtual_ring = delivery.from_ring, .real_ring = RealRing::Ring3,
            .eip = eip, .a = event.fault_address, .b = delivery.vector });
        return leave({ Exit::Reason::TripleFault,
            fmt::format("{} at eip {:#010x} in ring {}", describe_chain(delivery), eip, delivery.from_ring) });
    }
    if (m_state.cr3 != directory) // through a task gate
        follow_effects(effect::non_global_tlb, {});
    if (delivery.vector == DF && event.vector != DF)
        recorder.event({ .kind = EventKind::DoubleFault, .virtual_ring = delivery.from_ring, .real_ring = RealRing::Ring3,
            .eip = eip, .a = eip, .b = event.vector });
    if (m_exit_begin != 0)
        record_exit(exit_kind, delivery.from_ring, eip, event.vector == PF ? event.fault_address : eip, event.vector,
            event.error_code);
    recorder.event({ .kind = EventKind::Injection, .virtual_ring = delivery.to_ring, .real_ring = RealRing::Ring3,
        .eip = m_state.eip, .a = m_state.eip, .b = delivery.vector, .c = delivery.error_code });
    record_ring(delivery.from_ring, cause);
    return Verdict::Resume;
}

void NativeCpu::record_exit(EventKind kind, unsigned ring, uint32_t eip, uint64_t a, uint32_t b, uint32_t c)
{
    m_engine.end_exit({ .time = m_exit_begin, .kind = kind, .virtual_ring = static_cast<uint8_t>(ring),
        .real_ring = RealRing::Ring3, .eip = eip, .raw = m_raw, .a = a, .b = b, .c = c });
}

void NativeCpu::record_ring(unsigned from, RingChangeCause cause)
{
    unsigned to = m_state.cpl();
    if (from != to)
        m_engine.recorder().ring_change(from, to, cause, m_state.eip, RealRing::Ring3, m_raw);
}

// The instruction that was refused, and then those that would be refused as well, as long as they come one after the
// other: a trap costs more than any of them.
GuestSignals::Verdict NativeCpu::emulate()
{
    constexpr int most = 16;
    for (int count = 0; count < most; ++count) {
        const auto* instruction = m_decoder.find(m_engine.memory(), m_state);
        if (!instruction)
            return count == 0 ? take_fault(m_decoder.fault()) : Verdict::Resume;
        if (count > 0 && !goes_on(*instruction))
            return Verdict::Resume;
        if (count > 0)
            m_exit_begin = m_engine.begin_exit();
        if (auto verdict = emulate_one(*instruction, count == 0 ? Why::Refused : Why::Follows))
            return *verdict;
        if (m_state.halted || ringside_world.kicked.load(std::memory_order_relaxed) != 0)
            return Verdict::Resume;
    }
    return Verdict::Resume;
}

// With an interrupt waiting behind STI, the instruction in STI's shadow is executed here too, so that the interrupt comes
// right after it (SDM 3A §6.8.1).
bool NativeCpu::goes_on(const Instruction& next) const
{
    if (m_state.interrupt_shadow && m_engine.interrupt_pending())
        return can_emulate(next);
    if (m_state.cpl() == 3 || !runs_natively() || (m_engine.interrupt_pending() && interrupt_window_open()))
        return false;
    switch (instruction_class(next)) {
    case InstructionClass::Privileged:
    case InstructionClass::IoPrivileged:
        return true;
    default:
        return next.info.mnemonic == ZYDIS_MNEMONIC_IRET || next.info.mnemonic == ZYDIS_MNEMONIC_IRETD
            || loads_segment_of_guest(m_state, next);
    }
}

std::optional<GuestSignals::Verdict> NativeCpu::emulate_one(const Instruction& instruction, Why why)
{
    unsigned ring = m_state.cpl();
    uint32_t eip = m_state.eip;
    bool single_step = m_state.eflags & eflags::tf;
    auto done = execute(instruction, why);
    switch (done.outcome) {
    case Emulated::Outcome::Fault:
        follow_effects(done.effects, done.address); // of a task switch that came first
        return take_fault(done.fault);
    case Emulated::Outcome::SoftwareInterrupt:
        return take(*software_interrupt_event(m_state, instruction), EventKind::SoftwareInterrupt,
            RingChangeCause::SoftwareInterrupt);
    case Emulated::Outcome::Unsupported:
        return why == Why::Follows ? Verdict::Resume : cannot_emulate(instruction);
    case Emulated::Outcome::Done:
    case Emulated::Outcome::Halted:
        break;
    }
    // An ordinary instruction of ring 3 came here: segments that are cut too short, perhaps.
    if (done.kind == EventKind::Count_ && ring == 3)
        m_boundary_stale = true;
    follow_effects(done.effects, done.address);
    follow_emulation(eip, done);
    // HLT is the machine's to record, with the time that the guest waited.
    if (done.outcome == Emulated::Outcome::Done)
        record_exit(done.kind == EventKind::Count_ ? EventKind::MemoryEmulated : done.kind, ring, eip, done.a, done.b, done.c);
    if (m_state.cpl() != ring)
        record_ring(ring, cause_of(done.kind));
    // A load of SS puts the trap off by an instruction (SDM 3A §6.8.3).
    bool put_off = m_state.interrupt_shadow && (done.effects & effect::segments);
    uint32_t status = done.breakpoints | (single_step ? dr6_single_step : 0);
    if (status == 0 || put_off)
        return std::nullopt;
    m_exit_begin = m_engine.begin_exit();
    return take_debug_exception(status);
}

// One that only follows is better executed natively.
Emulated NativeCpu::execute(const Instruction& instruction, Why why)
{
    auto done = emulate_instruction(m_engine, m_state, instruction);
    if (done.outcome != Emulated::Outcome::Unsupported || why != Why::Refused)
        return done;
    return emulate_floating(m_engine, m_state, instruction, m_fpu.image(m_context), m_floating_unit);
}

GuestSignals::Verdict NativeCpu::cannot_emulate(const Instruction& instruction)
{
    return leave({ Exit::Reason::Failed,
        fmt::format("{} at eip {:#010x} cannot be emulated", ZydisMnemonicGetString(instruction.info.mnemonic), m_state.eip) });
}

// An interrupt waits behind the shadow of STI or MOV SS, perhaps of another strategy's: the instruction in it is executed
// here. One that is not known here runs natively, and the interrupt comes at the next exit.
bool NativeCpu::shadow_holds_interrupt_up()
{
    if (!m_state.interrupt_shadow || !m_engine.interrupt_pending())
        return false;
    const auto* instruction = m_decoder.find(m_engine.memory(), m_state);
    return !instruction || can_emulate(*instruction);
}

// Real-address and virtual-8086 mode, which the host CPU has no more (SDM 3A §20, AMD64 volume 2 §1.3), and whatever else it
// cannot do for the guest: every instruction is executed in software.
std::optional<Exit> NativeCpu::interpret()
{
    constexpr int slice = 10000;
    m_raw = 0;
    for (int count = 0; count < slice; ++count) {
        bool wanted = !runs_natively() || shadow_holds_interrupt_up();
        if (!wanted || m_state.halted || ringside_world.kicked.load(std::memory_order_relaxed) != 0)
            return std::nullopt;
        if (m_engine.interrupt_pending() && interrupt_window_open())
            return std::nullopt;
        m_exit_begin = m_engine.begin_exit();
        if (interpret_one() == Verdict::Leave)
            return m_exit;
    }
    return std::nullopt;
}

std::optional<GuestSignals::Verdict> NativeCpu::interpret_one()
{
    Gla address { m_state.segment(Cs).base + m_state.eip };
    if (uint32_t hit = instruction_breakpoints(m_state.dr, address, m_state.eflags))
        return take_debug_exception(hit);
    const auto* instruction = m_decoder.find(m_engine.memory(), m_state);
    return instruction ? emulate_one(*instruction, Why::Refused) : take_fault(m_decoder.fault());
}

}
