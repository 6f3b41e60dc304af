// The guest's CPU, played by VT-x or AMD-V: the guest runs in non-root mode, its ring 0 is a real ring 0, and the
// processor itself decides what comes back to the monitor. Most exits are settled by the host's kernel (KVM); what needs a
// device comes here:
//
//   port and memory-mapped accesses   settled with the bus, the answer given back with the next entry
//   RDMSR, WRMSR                      settled with the engine's registers, where KVM lets them through
//   HLT, an open interrupt window     the run loop's
//   a triple fault                    the end
//
// The interrupt controllers are ours: KVM is given a vector when the guest can take it, and is asked to come back when it
// can (SDM 3C §26.7.5).
#pragma once

#include "core/machine/engine.hpp"
#include "core/machine/strategy.hpp"
#include "core/x86/decode_cache.hpp"
#include "strategies/hardware/exit_tracepoint.hpp"
#include "strategies/hardware/kernel_exits.hpp"
#include "strategies/hardware/kick_signal.hpp"
#include "strategies/hardware/kvm.hpp"
#include "strategies/hardware/register_state.hpp"
#include "strategies/native/host_floating_unit.hpp"

#include <atomic>
#include <cstdint>
#include <optional>
#include <pthread.h>
#include <string>

namespace ringside {

class HardwareCpu final : public Strategy {
public:
    HardwareCpu(Engine& engine, KvmMachine machine, KvmCpu cpu);
    // On the thread that will run the guest.
    Result<void> set_up(const KvmSystem& system);

    const StrategyInfo& info() const override;
    void load(const CpuState& state) override;
    CpuState save() override;
    void release() override;
    std::vector<StrategyFile> files() const override;
    Exit run() override;
    void kick() override;
    Exit inject(EventType type, uint8_t vector) override;

private:
    Result<void> map_memory();
    Result<void> offer_cpuid();
    Result<void> ask_for_msr_exits(const KvmSystem& system);
    void share_time_stamp();

    // Brings KVM's state into m_state, exact, and back.
    void take_state();
    void put_state();
    void finish_access();
    void deliver_interrupted();

    bool interrupt_is_wanted();
    bool window_is_open() const;
    std::optional<Exit> enter();
    std::optional<Exit> settle(); // the exit in the shared page
    std::optional<Exit> internal_error();
    std::optional<Exit> execute_in_software(const std::string& refused);
    std::optional<Exit> take_fault(const Fault& fault);
    Exit leave(Exit exit);
    void count_kernel_exits();

    void on_ports();
    void on_memory();
    void on_msr_read();
    void on_msr_write();
    void follow_recording();
    void record(EventKind kind, uint64_t a, uint32_t b, uint32_t c);

    Engine& m_engine;
    KvmMachine m_machine;
    KvmCpu m_cpu;
    RegisterState m_registers;
    KernelExits m_kernel_exits;
    ExitTracepoint m_tracepoint;
    KickSignal m_kick_signal;
    DecodeCache m_decoder;
    HostFloatingUnit m_floating_unit;
    CpuState m_state; // as of the last load() or save(); MSRs and `halted` always current
    uint64_t m_exit_begin = 0;
    std::optional<ExitTracepoint::Reason> m_reason; // of the last exit, where it is known
    uint64_t m_exit_cost = 0;     // ticks from the guest to here and back, measured
    bool m_sees_registers = false; // KVM can put them into the shared page
    bool m_recording = false;      // and does so
    bool m_interrupts_on = false;  // the guest's IF
    bool m_open = false;           // it can take an interrupt now
    bool m_unfinished = false;     // the instruction that came here is completed with the next entry
    std::string m_refused;         // why the state that was loaded cannot run
    std::atomic<bool> m_kicked { false };
    pthread_t m_thread {};
};

}
