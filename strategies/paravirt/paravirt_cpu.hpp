// The CPU of a paravirtual guest: the native substrate, entered by hypercalls as well as by signals.
//
// A hypercall comes from gate.S on the monitor's own stack. Most need nothing of the guest's registers but EAX; m_state
// then keeps old values in the others until take_world() brings them. Its control registers are always right.
//
// The gates of the hypercall page change the virtual ring without the monitor (hypercall_page.S): the selectors that the
// next signal or hypercall finds tell in which ring the guest is.
#pragma once

#include "strategies/native/native_cpu.hpp"
#include "strategies/paravirt/hypercalls.hpp"
#include "strategies/paravirt/monitor_pages.hpp"
#include "strategies/paravirt/substrate.hpp"

#include <optional>

namespace ringside::paravirt {

// What the gate does when C++ is done; as in gate.S.
enum class AfterHypercall : uint32_t {
    Leave = 0,    // the run loop is to decide
    Answer = 1,   // the guest goes on behind the hypercall; only EAX is new
    Replaced = 2, // all registers are new
};

class ParavirtCpu final : public NativeCpu, private Substrate {
public:
    ParavirtCpu(Engine& engine, Window window);
    ~ParavirtCpu() override;
    Result<void> set_up();

    const StrategyInfo& info() const override;
    void load(const CpuState& state) override;
    Exit run() override;
    Exit inject(EventType type, uint8_t vector) override;

    // From the gate.
    AfterHypercall on_hypercall(uint32_t number, uint32_t argument);
    void on_hypercall_aborted();

private:
    Delivery deliver_event(const Event& event) override;
    void gather_state() override;
    void spread_state() override;
    std::optional<Verdict> take_registers(int signal, ucontext_t& context) override;
    void adopt_segments(const RealSegments::Selectors& found) override;
    void make_segments_real() override;
    void reveal_kernel() override;
    // Hypercalls cannot be executed in software, so breakpoints never strike.
    bool runs_natively() const override { return has_native_mode(); }

    void refresh(const CpuState& state, Gla first, uint32_t count) override;
    void load_page_directory(const CpuState& state, bool paging_began) override;
    void set_boundary(uint32_t boundary) override;

    volatile pv_shared_info& shared() const { return m_pages->info(); }
    std::optional<Segment> segment_for(uint16_t selector) const;
    void reserve_user_segments(uint32_t end);
    void make_programs_reach(uint32_t end);
    void separate_program();
    void leave_notes();
    void set_time();
    void count_system_calls();

    // What settle() has done with a guest that a signal found in a gate.
    enum class Settled : uint8_t { Nothing, Back, InRing0, InRing3 };
    class GateRegisters;
    Settled settle(ucontext_t& context);
    Settled settle_in_ring_0(GateRegisters registers);
    Settled settle_in_ring_3(GateRegisters registers);
    void take(uint16_t cs, uint32_t eip);
    AfterHypercall on_watched_system_call();
    AfterHypercall on_return_to_ring_3();
    AfterHypercall on_hypercall_of_program(uint32_t number);
    AfterHypercall answer(uint32_t number, int32_t answer);
    AfterHypercall go_on(Verdict verdict);
    void record_hypercall(uint32_t number, int32_t answer);

    std::optional<MonitorPages> m_pages;
    Hypercalls m_hypercalls;
    uint32_t m_system_calls = 0;      // of shared().system_calls, counted so far
    uint32_t m_system_calls_seen = 0; // the same when ring 3 was last looked at
    uint64_t m_time_tsc = 0, m_time_nanoseconds = 0; // as the guest was shown them
    uint32_t m_programs_end = 1;      // where ring 3's segments really end; 0: 4 GiB, 1: there are none yet
    bool m_taken = false;             // m_state has the guest's registers
};

}
