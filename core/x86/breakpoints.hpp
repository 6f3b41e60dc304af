// The breakpoints of the debug registers (SDM 3B §17.2): which are enabled, and which an instruction hits. Whoever executes
// instructions asks, and raises the #DB.
//
// I/O breakpoints need CR4.DE, which CPUID does not offer.
#pragma once

#include "core/machine/address.hpp"
#include "core/machine/cpu_state.hpp"
#include "core/x86/paging.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace ringside {

struct Breakpoint {
    enum class Kind : uint8_t { Execute, Write, InputOutput, ReadWrite };

    static constexpr unsigned count = 4;

    uint32_t address = 0;
    uint32_t length = 1;
    Kind kind = Kind::Execute;
};

using DebugRegisterValues = std::array<uint32_t, 8>;

inline bool any_breakpoint(const DebugRegisterValues& registers)
{
    constexpr uint32_t enabled = 0xFF; // local and global, of each
    return registers[7] & enabled;
}

// Nothing if it is not enabled.
std::optional<Breakpoint> breakpoint_of(const DebugRegisterValues& registers, unsigned number);

// Both return a bit for each breakpoint that is hit, as in DR6.
// An instruction that is about to be executed: a fault. With RF none strikes (SDM 3B §17.3.1.1).
uint32_t instruction_breakpoints(const DebugRegisterValues& registers, Gla address, uint32_t eflags);
// Bytes that an instruction has read or written: a trap behind it.
uint32_t data_breakpoints(const DebugRegisterValues& registers, Gla address, uint32_t bytes, Access access);

}
