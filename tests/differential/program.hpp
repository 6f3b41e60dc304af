// Generated programs: a dozen pieces of code each, in ring 0 or ring 3 with paging, that compute, branch, fault, ask about
// the system and change themselves. Everything follows from the seed.
//
// A handler in the guest logs each event with all registers and goes on behind the instruction that faulted (the host
// tells where that is), so that one program shows many faults, one at any position.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ringside::test {

namespace program_layout {
inline constexpr uint32_t memory_bytes = 4u << 20;
inline constexpr uint32_t handlers = 0x30000, log = 0x34000, log_end = 0x38000, log_position = 0x38000;
inline constexpr uint32_t resume_table = 0x39000; // of 16-bit offsets by offset in the code: where to go on, 0: nowhere
inline constexpr uint32_t code = 0x100000, code_bytes = 0x3000;
inline constexpr uint32_t compared_low = 0x40000; // memory from 0 to here, and the code, is compared
inline constexpr uint8_t end_vector = 0x40;       // INT n with it ends the program
}

struct Program {
    uint64_t seed = 0;
    unsigned ring = 0;
    CpuState state;
    std::vector<uint8_t> bytes;        // at program_layout::code
    std::vector<uint16_t> boundaries;  // offsets of its instructions, ascending; the last one is the end
};

// Whether programs change instructions that they have still to execute.
enum class OwnCode : uint8_t { Changed, LeftAlone };

// The program of this seed; odd ones are ring 3's.
Program make_program(uint64_t seed, OwnCode own_code = OwnCode::Changed);

// What every program finds: tables, pages, handlers, and random data.
void place_program_world(GuestMemory& memory);
void place(GuestMemory& memory, const Program& program);

// One event that the handler logged.
struct LoggedEvent {
    uint32_t vector = 0, error = 0, eip = 0, cs = 0, eflags = 0, cr2 = 0;
    uint32_t gpr[8] = {}; // in the order of PUSHA's frame: EDI first
    uint32_t reserved[2] = {};
    bool operator==(const LoggedEvent&) const = default;
};
static_assert(sizeof(LoggedEvent) == 64);
std::vector<LoggedEvent> logged_events(const GuestMemory& memory);

std::string disassembly(const Program& program);

}
