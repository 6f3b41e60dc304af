// The instruction emulator: executes one integer or system instruction of the guest in software, as the processor would,
// on a CpuState. Strategies use it for what they must not or cannot let the host CPU execute: privileged instructions,
// and any instruction that touches a device or a page that the monitor watches.
//
// Not known: the x87, MMX and SSE instructions (floating_emulator.hpp), and whatever CPUID does not offer.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/engine.hpp"
#include "core/trace/event.hpp"
#include "core/x86/decode.hpp"
#include "core/x86/event.hpp"
#include "core/x86/fault.hpp"

#include <cstdint>
#include <optional>

namespace ringside {

// What an instruction changed beside registers and memory: what a strategy may have to follow up. A bit is also set when
// the new value happens to be the old one.
namespace effect {
inline constexpr uint32_t non_global_tlb = 1 << 0;   // CR3 was loaded: translations go, but for global pages
inline constexpr uint32_t whole_tlb = 1 << 1;        // all translations go (SDM 3A §4.10.4.1)
inline constexpr uint32_t invalidated_page = 1 << 2; // INVLPG: those of Emulated::address go
inline constexpr uint32_t paging_mode = 1 << 3;      // CR0.PE, PG or WP, CR4.PSE, PAE or PGE changed
inline constexpr uint32_t segments = 1 << 4;         // a segment register was loaded, or the CPL changed
inline constexpr uint32_t interrupts = 1 << 5;       // IF may have changed, or the interrupt shadow began
inline constexpr uint32_t debug_registers = 1 << 6;
inline constexpr uint32_t task = 1 << 7;             // a hardware task switch: all of the state is another one
}

struct Emulated {
    enum class Outcome : uint8_t {
        Done,
        Fault,       // `fault` is to be delivered. A #DB has its bits in DR6 already
        Halted,      // HLT: done, state.halted is set
        Unsupported, // not an instruction that is known here; nothing happened
        // INT n, INT3, INT1, or INTO with OF set. Nothing happened: deliver software_interrupt_event().
        SoftwareInterrupt,
    };
    Outcome outcome = Outcome::Done;
    Fault fault {};
    // The exit that the instruction is, for the trace, and its fields. Count_: an ordinary instruction on ordinary memory.
    EventKind kind = EventKind::Count_;
    uint64_t a = 0;
    uint32_t b = 0;
    uint32_t c = 0;
    uint32_t effects = 0;
    Gla address {}; // with effect::invalidated_page
    uint32_t breakpoints = 0; // Done: the data breakpoints that it has hit, as in DR6 (core/x86/breakpoints.hpp)
};

// Executes `instruction`, which is the one at CS:EIP, and moves EIP behind it or to its target.
//
// Memory is reached through the guest's segments and page tables, with their checks and their accessed and dirty flags;
// what is mapped but not RAM is a device's, and the bus is asked. Faults come in the architecture's order and leave
// `state` as the architecture says: unchanged, but for the progress of a repeated string instruction and for what a task
// switch has already done. `state.interrupt_shadow` begins with STI (when IF was clear) and with MOV and POP to SS, and
// ends with any other instruction. RF is cleared when the instruction is complete.
//
// A repeated string instruction that has much to do stops in between, Done, with EIP unchanged, so that the caller can
// let interrupts in.
//
// The caller's: the single-step trap (TF), the #DB of breakpoints, and whether an interrupt is due.
Emulated emulate_instruction(Engine& engine, CpuState& state, const Instruction& instruction);

// False for the instructions that are not known here.
bool can_emulate(const Instruction& instruction);

// The event that INT n, INT3, INT1 and INTO raise, returning behind the instruction; nothing for any other instruction.
std::optional<Event> software_interrupt_event(const CpuState& state, const Instruction& instruction);

}
