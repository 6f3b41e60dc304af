// The debug registers of a guest under emulation (SDM 3B §17.2). Unicorn crashes when a guest enables a breakpoint, so
// its own debug registers are never touched: MOV DR is emulated, and breakpoints are watched with Unicorn's hooks.
//
//   instruction breakpoints   a fault before the instruction, unless EFLAGS.RF is set
//   data breakpoints          a trap after the instruction that wrote, or read or wrote, the bytes
//
// While any breakpoint is enabled every instruction is hooked, which makes the guest several times slower.
#pragma once

#include "core/machine/cpu_state.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <unicorn/unicorn.h>
#include <vector>

namespace ringside {

class DebugRegisters {
public:
    // `trap` is called from within a hook, at an instruction boundary, with the bits for DR6.
    DebugRegisters(uc_engine* engine, std::function<void(uint32_t status)> trap);

    // Must be called outside uc_emu_start(): it adds and removes hooks.
    void load(const CpuState& state);
    void save(CpuState& state) const { state.dr = m_registers; }

    // Every instruction is hooked.
    bool watching() const { return !m_hooks.empty(); }

private:
    void arm();
    void disarm();

    static void on_instruction(uc_engine*, uint64_t address, uint32_t size, void* self);
    static void on_access(uc_engine*, uc_mem_type, uint64_t address, int size, int64_t value, void* self);

    uc_engine* m_engine;
    std::function<void(uint32_t)> m_trap;
    std::array<uint32_t, 8> m_registers {};
    std::vector<uc_hook> m_hooks;
    uint32_t m_hit = 0; // data breakpoints that the instruction before this boundary hit
};

}
