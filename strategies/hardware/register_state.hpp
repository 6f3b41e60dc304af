// The vCPU's state, between CpuState and KVM's structures. All of what CpuState holds goes in and comes out: the hidden
// parts of segments, floating point, debug and system registers, and what the processor remembers between instructions
// (the interrupt shadow, blocked NMIs).
//
// What KVM holds besides and CpuState does not know is an event whose delivery was interrupted: an exit came on the way to
// the handler, and KVM would repeat it. take_registers() gives it to the caller.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/result.hpp"
#include "core/x86/event.hpp"
#include "strategies/hardware/kvm.hpp"

#include <optional>

namespace ringside {

class RegisterState {
public:
    RegisterState();

    // All but the MSRs. An error names what was refused.
    Result<void> put(const KvmCpu& cpu, const CpuState& state);
    // All but the MSRs and `halted`, which live with us.
    Result<void> take(const KvmCpu& cpu, CpuState& state);

    // The SYSENTER registers (SDM 3A §5.8.7). What the others say matters to nobody but the guest, who reads them from us.
    static Result<void> put_msrs(const KvmCpu& cpu, const Msrs& msrs);

    // Of the last take(): what was being delivered. KVM has it still: put() drops it.
    const std::optional<Event>& interrupted_delivery() const { return m_interrupted; }
    // And an NMI that waits for the guest to let it in.
    bool nmi_waits() const { return m_nmi_waits; }

private:
    void take_events(const kvm_vcpu_events& events, CpuState& state);

    const bool m_hides_busy; // TR is given as a task that is not busy
    Segment m_task {};       // TR as the guest has it, where the hardware wants another
    std::optional<Event> m_interrupted;
    bool m_nmi_waits = false;
};

}
