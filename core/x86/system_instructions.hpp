// The system instructions that every strategy must execute itself: RDTSC, RDMSR, WRMSR, MOV to and from debug registers,
// SYSENTER, SYSCALL, because what they read or write belongs to the engine; far JMP and CALL, because they may switch tasks.
// And what IN and OUT are about to do.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/engine.hpp"
#include "core/trace/event.hpp"
#include "core/x86/decode.hpp"
#include "core/x86/fault.hpp"

#include <cstdint>
#include <optional>

namespace ringside {

struct SystemInstruction {
    MaybeFault fault {}; // what the instruction raises; then the state is unchanged, unless a task switch came first
    EventKind kind = EventKind::Count_;
    uint64_t a = 0; // the fields of the event
    uint32_t b = 0;
    uint32_t c = 0;
};

bool is_system_instruction(const Instruction& instruction);

// Executes the instruction at CS:EIP, for which is_system_instruction() holds, and moves EIP behind it. A single-step
// trap is the caller's.
SystemInstruction execute_system_instruction(Engine& engine, CpuState& state);

struct PortAccess {
    uint16_t port = 0;
    unsigned size = 1;
};

// Nothing unless it is IN, OUT, INS or OUTS.
std::optional<PortAccess> port_access(const CpuState& state, const Instruction& instruction);

// The byte at CS:offset, read as code; nothing if it cannot be fetched.
std::optional<uint8_t> read_code_byte(GuestMemory& memory, const CpuState& state, uint32_t offset);

}
