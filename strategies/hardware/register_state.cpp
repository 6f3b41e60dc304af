#include "strategies/hardware/register_state.hpp"

#include "core/x86/fault.hpp"
#include "strategies/hardware/emulated_cpu.hpp"
#include "strategies/hardware/kvm_lists.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>

namespace ringside {

namespace {

// A segment that is not present is one that KVM calls unusable (SDM 3C §24.4.1).
kvm_segment segment_for_kvm(const Segment& segment)
{
    auto bit = [&](unsigned position) { return static_cast<uint8_t>(segment.attributes >> position & 1); };
    kvm_segment out {};
    out.base = segment.base;
    out.limit = segment.limit;
    out.selector = segment.selector;
    out.type = static_cast<uint8_t>(segment.type());
    out.s = bit(4);
    out.dpl = static_cast<uint8_t>(segment.dpl());
    out.present = bit(7);
    out.avl = bit(12);
    out.l = 0;
    out.db = bit(14);
    out.g = bit(15);
    out.unusable = !segment.is_present();
    return out;
}

Segment segment_of_kvm(const kvm_segment& segment)
{
    Segment out;
    out.selector = segment.selector;
    out.base = static_cast<uint32_t>(segment.base);
    out.limit = segment.limit;
    bool present = segment.present && !segment.unusable;
    out.attributes = static_cast<uint16_t>((segment.type & 0xF) | (segment.s & 1) << 4 | (segment.dpl & 3) << 5 | present << 7
        | (segment.avl & 1) << 12 | (segment.db & 1) << 14 | (segment.g & 1) << 15);
    return out;
}

// VT-x enters no guest without a task (SDM 3C §26.3.1.2): until the kernel has loaded one it is as after a reset (SDM 3A
// table 9-1), 32 bits wide and busy.
constexpr Segment no_task { 0, Segment::present | 0xB, 0, 0xFFFF };

// QEMU's emulation of AMD-V ends the whole machine over a busy task in TR: it keeps the type that LTR has read, before LTR
// marks the task busy. A real processor does not care, and KVM reports the task as busy in any case.
Segment not_busy(Segment task)
{
    constexpr uint16_t busy = 2;
    task.attributes &= static_cast<uint16_t>(~busy);
    return task;
}

kvm_dtable table_for_kvm(const DescriptorTable& table)
{
    kvm_dtable out {};
    out.base = table.base;
    out.limit = table.limit;
    return out;
}

kvm_regs general_registers(const CpuState& state)
{
    kvm_regs out {};
    out.rax = state.gpr[Eax];
    out.rcx = state.gpr[Ecx];
    out.rdx = state.gpr[Edx];
    out.rbx = state.gpr[Ebx];
    out.rsp = state.gpr[Esp];
    out.rbp = state.gpr[Ebp];
    out.rsi = state.gpr[Esi];
    out.rdi = state.gpr[Edi];
    out.rip = state.eip;
    out.rflags = state.eflags | eflags::fixed;
    return out;
}

void take_general_registers(const kvm_regs& from, CpuState& state)
{
    auto low = [](uint64_t value) { return static_cast<uint32_t>(value); };
    state.gpr = { low(from.rax), low(from.rcx), low(from.rdx), low(from.rbx), low(from.rsp), low(from.rbp), low(from.rsi),
        low(from.rdi) };
    state.eip = low(from.rip);
    state.eflags = low(from.rflags);
}

kvm_sregs system_registers(const CpuState& state, const Segment& task)
{
    kvm_sregs out {};
    out.es = segment_for_kvm(state.segment(Es));
    out.cs = segment_for_kvm(state.segment(Cs));
    out.ss = segment_for_kvm(state.segment(Ss));
    out.ds = segment_for_kvm(state.segment(Ds));
    out.fs = segment_for_kvm(state.segment(Fs));
    out.gs = segment_for_kvm(state.segment(Gs));
    out.ldt = segment_for_kvm(state.ldtr);
    out.tr = segment_for_kvm(task);
    out.gdt = table_for_kvm(state.gdtr);
    out.idt = table_for_kvm(state.idtr);
    out.cr0 = state.cr0;
    out.cr2 = state.cr2;
    out.cr3 = state.cr3;
    out.cr4 = state.cr4;
    out.efer = 0;
    out.apic_base = state.msrs.apic_base;
    return out;
}

void take_system_registers(const kvm_sregs& from, CpuState& state)
{
    state.segment(Es) = segment_of_kvm(from.es);
    state.segment(Cs) = segment_of_kvm(from.cs);
    state.segment(Ss) = segment_of_kvm(from.ss);
    state.segment(Ds) = segment_of_kvm(from.ds);
    state.segment(Fs) = segment_of_kvm(from.fs);
    state.segment(Gs) = segment_of_kvm(from.gs);
    state.ldtr = segment_of_kvm(from.ldt);
    state.tr = segment_of_kvm(from.tr);
    state.gdtr = { static_cast<uint32_t>(from.gdt.base), from.gdt.limit };
    state.idtr = { static_cast<uint32_t>(from.idt.base), from.idt.limit };
    state.cr0 = static_cast<uint32_t>(from.cr0);
    state.cr2 = static_cast<uint32_t>(from.cr2);
    state.cr3 = static_cast<uint32_t>(from.cr3);
    state.cr4 = static_cast<uint32_t>(from.cr4);
}

kvm_debugregs debug_registers(const CpuState& state)
{
    kvm_debugregs out {};
    for (std::size_t i = 0; i < 4; ++i)
        out.db[i] = state.dr[i];
    out.dr6 = state.dr[6];
    out.dr7 = state.dr[7];
    return out;
}

void take_debug_registers(const kvm_debugregs& from, CpuState& state)
{
    for (std::size_t i = 0; i < 4; ++i)
        state.dr[i] = static_cast<uint32_t>(from.db[i]);
    state.dr[6] = static_cast<uint32_t>(from.dr6);
    state.dr[7] = static_cast<uint32_t>(from.dr7);
}

// No event is left over from what ran here before.
kvm_vcpu_events events_for_kvm(const CpuState& state)
{
    kvm_vcpu_events out {};
    out.interrupt.shadow = state.interrupt_shadow ? KVM_X86_SHADOW_INT_STI : 0;
    out.nmi.masked = state.nmi_blocked;
    out.flags = KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SHADOW;
    return out;
}

// An exception from INT3, INTO or INT n stands at the instruction that raised it, and comes again with it.
bool is_software(uint8_t vector)
{
    return vector == BP || vector == OF;
}

std::optional<Event> interrupted_delivery_in(const kvm_vcpu_events& events, uint32_t eip, uint32_t fault_address)
{
    const auto& exception = events.exception;
    if ((exception.injected || exception.pending) && !is_software(exception.nr))
        return Event { .type = EventType::HardwareException,
            .vector = exception.nr,
            .has_error_code = exception.has_error_code != 0,
            .error_code = exception.error_code,
            .fault_address = fault_address,
            .return_eip = eip };
    if (events.nmi.injected)
        return Event { .type = EventType::Nmi, .vector = NMI, .return_eip = eip };
    if (events.interrupt.injected && !events.interrupt.soft)
        return Event { .type = EventType::ExternalInterrupt, .vector = events.interrupt.nr, .return_eip = eip };
    return std::nullopt;
}

// The legacy part of an XSAVE area is the image that FXSAVE stores (SDM 1 §13.4.1).
constexpr std::size_t xstate_present_at = 512; // XSTATE_BV (SDM 1 §13.4.2)
constexpr uint64_t legacy_components = 3;      // x87 and SSE

Result<void> put_floating(const KvmCpu& cpu, const CpuState& state)
{
    KvmXsave area;
    std::memcpy(area.region, state.fxsave.data(), state.fxsave.size());
    std::memcpy(area.region + xstate_present_at, &legacy_components, sizeof(legacy_components));
    if (cpu.call(kvm_request::set_xsave, &area) != 0)
        return kvm_failure("the guest's floating-point registers");
    return {};
}

Result<void> take_floating(const KvmCpu& cpu, CpuState& state)
{
    KvmXsave area;
    if (cpu.call(kvm_request::get_xsave, &area) != 0)
        return kvm_failure("the guest's floating-point registers to be read");
    std::memcpy(state.fxsave.data(), area.region, state.fxsave.size());
    return {};
}

}

RegisterState::RegisterState()
    : m_hides_busy(cpu_is_emulated_by_qemu())
{
}

Result<void> RegisterState::put(const KvmCpu& cpu, const CpuState& state)
{
    m_task = state.tr;
    m_interrupted.reset();
    m_nmi_waits = false;
    Segment task = state.tr.is_present() ? state.tr : no_task;
    auto system = system_registers(state, m_hides_busy ? not_busy(task) : task);
    if (cpu.call(KVM_SET_SREGS, &system) != 0)
        return kvm_failure("the guest's system registers");
    auto general = general_registers(state);
    if (cpu.call(KVM_SET_REGS, &general) != 0)
        return kvm_failure("the guest's registers");
    auto debug = debug_registers(state);
    if (cpu.call(KVM_SET_DEBUGREGS, &debug) != 0)
        return kvm_failure("the guest's debug registers");
    auto events = events_for_kvm(state);
    if (cpu.call(KVM_SET_VCPU_EVENTS, &events) != 0)
        return kvm_failure("the guest's interrupt state");
    return put_floating(cpu, state);
}

Result<void> RegisterState::take(const KvmCpu& cpu, CpuState& state)
{
    kvm_sregs system {};
    kvm_regs general {};
    kvm_debugregs debug {};
    kvm_vcpu_events events {};
    if (cpu.call(KVM_GET_SREGS, &system) != 0 || cpu.call(KVM_GET_REGS, &general) != 0
        || cpu.call(KVM_GET_DEBUGREGS, &debug) != 0 || cpu.call(KVM_GET_VCPU_EVENTS, &events) != 0)
        return kvm_failure("the guest's registers to be read");
    take_system_registers(system, state);
    if (!m_task.is_present() && state.tr == no_task)
        state.tr = m_task;
    take_general_registers(general, state);
    take_debug_registers(debug, state);
    take_events(events, state);
    return take_floating(cpu, state);
}

void RegisterState::take_events(const kvm_vcpu_events& events, CpuState& state)
{
    state.interrupt_shadow = events.interrupt.shadow != 0;
    state.nmi_blocked = events.nmi.masked != 0;
    m_interrupted = interrupted_delivery_in(events, state.eip, state.cr2);
    // An NMI that is being delivered masks others already.
    if (events.nmi.injected)
        state.nmi_blocked = false;
    m_nmi_waits = events.nmi.pending != 0;
}

Result<void> RegisterState::put_msrs(const KvmCpu& cpu, const Msrs& msrs)
{
    const std::array entries { kvm_msr_entry { 0x174, 0, msrs.sysenter_cs }, kvm_msr_entry { 0x175, 0, msrs.sysenter_esp },
        kvm_msr_entry { 0x176, 0, msrs.sysenter_eip } };
    KvmList<kvm_msr_entry, entries.size()> list;
    list.count = static_cast<uint32_t>(entries.size());
    std::ranges::copy(entries, list.entries);
    int done = cpu.call(kvm_request::set_msrs, &list);
    if (done < 0)
        return kvm_failure("the guest's model-specific registers");
    if (static_cast<std::size_t>(done) < entries.size())
        return fail(ExitCode::Unavailable, fmt::format("KVM refuses the guest's model-specific register {:#x}", entries[static_cast<std::size_t>(done)].index));
    return {};
}

}
