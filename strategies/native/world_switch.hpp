// The world switch: from the monitor (64-bit code) into the guest (32-bit code of the same process) and back.
//
//   in    enter_guest(): the guest's registers are loaded, IRETQ goes to its code segment
//   out   by a signal that interrupts guest code (a fault, a kick), on the alternate stack, or by a far jump
//         (strategies/paravirt/)
//
// A signal handler that interrupted guest code may do anything that ordinary code may: the thread was not inside the
// monitor, so it holds no lock and has no data half changed. It ends in one of two ways:
//
//   resume   the guest is entered again, as by enter_guest(). Not by sigreturn, which takes three times as long
//   leave    enter_guest() returns
//
// Either way the handler's stack is forgotten, with the kernel's frame on it.
//
// A kick must not be lost between the last look at `kicked` and the guest's first instruction. The way in therefore ends
// in a few instructions (a "window") from that look to the switch itself; a signal that finds RIP there turns it aside.
#pragma once

#include "core/result.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <signal.h>
#include <ucontext.h>

namespace ringside {

// What the assembler code works on. Offsets are known to gate_code.h.
struct WorldSwitch {
    uint64_t host_rsp = 0;
    uint64_t host_fs_base = 0; // thread-local storage
    uint32_t gpr[8] = {};      // in the order of enum Gpr
    uint32_t eip = 0;
    uint32_t eflags = 0;
    uint16_t cs = 0, ss = 0;   // real selectors, as the next four
    uint16_t ds = 0, es = 0, fs = 0, gs = 0;
    std::atomic<uint32_t> kicked { 0 };
    void* fpu = nullptr;         // an XSAVE area to load; on Resume it may be the one in the signal's frame
    uint64_t fpu_components = 0; // which of them XRSTOR loads or resets
    void* fpu_home = nullptr;    // an XSAVE area to save to when the guest is not entered after all
    uint64_t host_control_words = 0; // MXCSR and the x87 control word
    // Code of the strategy that ends in a switch to the guest: a kick that finds it there makes it go on at `aborted`.
    uint64_t gate_window = 0, gate_window_end = 0, gate_aborted = 0;
    // Where a gate's far jump goes: code of the guest.
    uint32_t gate_return_eip = 0;
    uint16_t gate_return_cs = 0;
};
static_assert(offsetof(WorldSwitch, gpr) == 16 && offsetof(WorldSwitch, eip) == 48 && offsetof(WorldSwitch, cs) == 56
    && offsetof(WorldSwitch, kicked) == 68 && offsetof(WorldSwitch, fpu) == 72
    && offsetof(WorldSwitch, fpu_components) == 80 && offsetof(WorldSwitch, fpu_home) == 88
    && offsetof(WorldSwitch, host_control_words) == 96
    && offsetof(WorldSwitch, gate_window) == 104 && offsetof(WorldSwitch, gate_return_eip) == 128
    && offsetof(WorldSwitch, gate_return_cs) == 132);

// What runs the guest; told of every signal that interrupts it.
class GuestSignals {
public:
    enum class Verdict : uint8_t { Leave = 0, Resume = 1 };

    virtual ~GuestSignals() = default;
    // The guest's registers are in `context`, but DS, ES, FS and GS, which are in ringside_world. On Resume all of
    // ringside_world is what the guest goes on with.
    virtual Verdict on_guest_signal(int signal, const siginfo_t& information, ucontext_t& context) = 0;
};

// One guest a process runs natively at a time: a signal handler has no other way to find it than a global.
extern "C" WorldSwitch ringside_world;

// Handlers for the signals of a guest. While they are installed, signals that did not interrupt the guest go where they
// went before. `kick_signal` only makes the guest stop.
class SignalHandlers {
public:
    // First, and before the process is confined, on the thread that will run the guest: its alternate stack, and the handler
    // of SIGSYS, which stays. A late kick does no harm from here on. May be called again.
    static Result<void> prepare();
    // While `guest` is the one that runs natively in this process.
    static void install(GuestSignals& guest);
    static void remove();
    static int kick_signal();
};

// Runs the guest on this thread until it leaves. Thread-local storage, floating-point state and stack are the
// monitor's again afterwards.
extern "C" void ringside_enter_guest();

}
