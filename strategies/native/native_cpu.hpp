// The guest's CPU, played by the host's: the part that the native strategies share. The guest's instructions run as they
// are, in ring 3; what the host CPU refuses comes here as a signal, is settled on CpuState, and the guest goes on.
//
//   a page that is not in the virtual TLB   filled, or the guest's own page fault
//   a privileged instruction                emulated, with those that follow it directly
//   an access to a device                   emulated
//   any other exception, INT n              delivered to the guest
//
// Between a signal and the guest's next instruction `m_state` holds the guest's registers, all but the floating-point ones.
#pragma once

#include "core/machine/engine.hpp"
#include "core/machine/strategy.hpp"
#include "core/x86/breakpoints.hpp"
#include "core/x86/decode_cache.hpp"
#include "core/x86/delivery.hpp"
#include "core/x86/instruction_emulator.hpp"
#include "strategies/native/fpu_state.hpp"
#include "strategies/native/host_floating_unit.hpp"
#include "strategies/native/nudge.hpp"
#include "strategies/native/real_segments.hpp"
#include "strategies/native/ring_separation.hpp"
#include "strategies/native/virtual_tlb.hpp"
#include "strategies/native/window.hpp"
#include "strategies/native/world_switch.hpp"

#include <cstdint>
#include <optional>
#include <pthread.h>
#include <string_view>

namespace ringside {

class NativeCpu : public Strategy, private GuestSignals {
public:
    // The guest's linear addresses end at `end`; what is above is the strategy's.
    NativeCpu(Engine& engine, Window window, uint64_t end = Window::end);
    ~NativeCpu() override;
    // On the thread that will run the guest.
    Result<void> set_up();

    void load(const CpuState& state) override;
    CpuState save() override;
    void release() override;
    Exit run() override;
    void kick() override;
    Exit inject(EventType type, uint8_t vector) override;

    std::optional<ShadowMapping> shadow_mapping(std::size_t limit) const override { return m_tlb.listing(limit); }

    VirtualTlb& virtual_tlb() { return m_tlb; }
    const Window& window() const { return m_window; }

protected:
    using Verdict = GuestSignals::Verdict;

    // Takes the event to the guest's handler; the default is the way through the interrupt descriptor table.
    virtual Delivery deliver_event(const Event& event);
    // What the guest keeps of its state outside the registers, brought into m_state, and back.
    virtual void gather_state() { }
    virtual void spread_state() { }
    // A signal found these registers. They may be changed to those of the guest's next instruction; a verdict if there is
    // nothing else to do about the signal then.
    virtual std::optional<Verdict> take_registers(int signal, ucontext_t& context);
    // The guest was stopped with these selectors in its registers: brings m_state's segments up to date.
    virtual void adopt_segments(const RealSegments::Selectors& found);
    // Before the guest goes on: m_segments' selectors are what m_state says, and ring 3 cannot touch ring 0's pages.
    virtual void make_segments_real();
    // The guest was stopped in ring 0, which has its pages again (VirtualTlb::reveal).
    virtual void reveal_kernel() { m_tlb.reveal(); }
    // Whether the host's CPU can go on from m_state; if not, instructions are executed in software until it can.
    // The host's debug registers are not ours: a guest with breakpoints is executed in software.
    virtual bool runs_natively() const { return has_native_mode() && !any_breakpoint(m_state.dr); }
    bool has_native_mode() const;
    // The last thing before the guest is entered, when m_state says where: finds out where that is in the window. May
    // deliver a fault instead. An Exit if the guest is not to be entered after all.
    virtual std::optional<Exit> approach() { return std::nullopt; }
    // An instruction that core/x86 does not know.
    virtual Verdict cannot_emulate(const Instruction& instruction);
    virtual uint32_t real_eip() const { return m_state.eip; }
    // Translations that `effects` (core/x86/instruction_emulator.hpp) says must go, and what else follows from them.
    virtual void follow_effects(uint32_t effects, Gla address);
    // The instruction at `eip` has been emulated.
    virtual void follow_emulation(uint32_t, const Emulated&) { }

    Engine& m_engine;
    Window m_window;
    CpuState m_state;
    VirtualTlb m_tlb;
    RealSegments m_segments;
    FpuState m_fpu;
    RingSeparation m_separation;
    DecodeCache m_decoder;
    Exit m_exit;
    uint64_t m_exit_begin = 0;
    Gla m_fault_address {}; // of the last page fault of the host
    const uint64_t m_end;    // of the guest's addresses in the window
    uint64_t m_boundary = 0; // where ring 3's part ends
    bool m_boundary_stale = true;
    uint32_t m_raw = 0; // signal << 8 | exception, as the host gave them; 0: no signal

    bool interrupt_window_open() const;
    // False: segments that end at `boundary` must not be given to the guest now.
    virtual bool executes_below(uint64_t boundary) const;
    // Loads ringside_world from m_state.
    void prepare();
    // The reverse, after a far jump out of the guest, which goes on at `eip`.
    void take_world(uint32_t eip);

    Verdict take_fault(const Fault& fault);
    // The instruction at EIP, and those behind it that would be refused as well.
    Verdict emulate();
    enum class Why : uint8_t { Refused, Follows }; // by the host CPU; one that was refused
    // Nothing: the guest may go on, or the next instruction be emulated as well.
    std::optional<Verdict> emulate_one(const Instruction& instruction, Why why);
    Verdict leave(Exit exit);
    // Before the guest goes on: does the machine want something?
    Verdict attend();
    // And can the guest go on natively?
    Verdict finish();
    void record_exit(EventKind kind, unsigned ring, uint32_t eip, uint64_t a, uint32_t b, uint32_t c);
    void record_ring(unsigned from, RingChangeCause cause);

private:
    Verdict on_guest_signal(int signal, const siginfo_t& information, ucontext_t& context) override;

    void use_world();
    uint32_t real_flags() const;

    Verdict dispatch(int signal, const siginfo_t& information, const ucontext_t& context);
    Verdict on_page_fault(Gla address, uint32_t error_code);
    Verdict on_host_system_call();
    Verdict on_undefined_opcode();
    Verdict take_exception(uint8_t vector, uint32_t error_code);
    Verdict take_software_exception(uint8_t vector);
    Verdict take_debug_exception(uint32_t status);
    Verdict take(const Event& event, EventKind exit_kind, RingChangeCause cause);

    bool goes_on(const Instruction& next) const;
    Emulated execute(const Instruction& instruction, Why why);
    std::optional<Exit> interpret();
    std::optional<Verdict> interpret_one();
    bool shadow_holds_interrupt_up();
    Exit halted() const;

    Nudge m_nudge;
    HostFloatingUnit m_floating_unit;
    ucontext_t* m_context = nullptr; // of the signal that is being handled
    bool m_holds_process = false; // from load() to release(): the signals and the window are this guest's
    pthread_t m_thread {};
};

}
