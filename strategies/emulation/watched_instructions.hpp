// Instructions that Unicorn executes without telling, but that the engine must see. They are found when a block is
// translated, and each gets a hook of its own at its address: a hook on every instruction would cost a factor of six.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/trace/event.hpp"
#include "core/x86/decode.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace ringside {

enum class WatchReason : uint8_t {
    Emulate,    // MOV DR, RDTSC, RDMSR, WRMSR, SYSENTER, far JMP and CALL: the engine executes it, not Unicorn
    RingChange, // IRET, SYSEXIT, far RET: the virtual ring may change without an event
    Check,      // MOV to CR0 and CR4, LTR: Unicorn takes values that a processor refuses
    Port,       // IN, OUT, INS, OUTS: permission outside ring 0, and the exact place for the trace
    Opening,    // STI, POPF: not hooked, but interrupts may be let in behind them
    Verify,     // the first of a block in a page that holds code and data: has the block changed?
};

struct Watch {
    WatchReason reason {};
    RingChangeCause cause = RingChangeCause::Iret; // RingChange: what a change after this instruction is put down to

    bool may_let_interrupts_in() const
    {
        return reason == WatchReason::Opening || (reason == WatchReason::RingChange && cause == RingChangeCause::Iret);
    }
    // The guest's next block may be known to Unicorn afterwards, unlike behind IRET.
    bool is_far_return() const { return reason == WatchReason::RingChange && cause == RingChangeCause::FarTransfer; }
};

// Nothing for the instructions that need no watching.
std::optional<Watch> watch_for(const Instruction& instruction);

struct WatchedInstruction {
    uint32_t address = 0; // linear
    Watch watch {};
};

// The bytes of `size` at linear address `begin`, fetched as code; shorter when a page of it is not RAM.
std::vector<uint8_t> fetch_code(GuestMemory& memory, const CpuState& state, uint32_t begin, uint32_t size);

// The watched instructions in the block of `size` bytes at linear address `begin`, translated for `state`.
std::vector<WatchedInstruction> find_watched_instructions(
    GuestMemory& memory, const CpuState& state, uint32_t begin, uint32_t size);

}
